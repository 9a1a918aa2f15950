// A machine without cwm-lsp: the extension offers an environment, makes it once that was agreed to, and works from it.
// CWM_LSP_WHEEL is what pip installs. Run by `node --test`; test_vscode.py does so in `make test FULL=1`.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { inOrder, open, ROOT } from './workbench.mjs';

const SAMPLE = readFileSync(path.join(ROOT, 'cwm_lsp/demo/scores.py'), 'utf8');
const WHEEL = process.env.CWM_LSP_WHEEL;
const PATIENCE_MS = 240_000;
const INSTALL_MS = 600_000;

/** PATH without the folders that hold a cwm-lsp: this is a machine that has none. */
function bare() {
    const folders = (process.env.PATH ?? '').split(path.delimiter);
    return folders.filter((folder) => !existsSync(path.join(folder, 'cwm-lsp'))).join(path.delimiter);
}

let workbench;
let environment;

before(async () => {
    assert.ok(WHEEL, 'CWM_LSP_WHEEL must name the wheel to install');
    workbench = await open({ 'scores.py': SAMPLE }, { 'cwm.package': WHEEL }, { PATH: bare() });
    workbench.page.setDefaultTimeout(PATIENCE_MS);
    environment = path.join(workbench.data, 'User/globalStorage/cwm-lsp.cwm-lsp/environment');
});

inOrder(() => workbench);

const dialog = () => workbench.page.locator('.monaco-dialog-box');
const notification = (text) => workbench.page.locator('.notification-list-item', { hasText: text });

/** Say what is to be installed, as it is proposed, and come to the question. */
async function asked() {
    // The palette, whose input this was a moment ago, may still be closing.
    await workbench.page.waitForFunction((wheel) => document.querySelector('.quick-input-widget input')?.value === wheel, WHEEL);
    await workbench.page.keyboard.press('Enter');
    await dialog().waitFor();
}

test('where cwm-lsp is missing, an environment is offered, and the question names all that would be done', async () => {
    await workbench.page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'scores.py' }).dblclick();
    const offer = notification('CWM needs the program cwm-lsp');
    await offer.getByText('Create Environment…').first().click();
    await asked();
    const question = await dialog().innerText();
    assert.ok(question.includes('Create a Python environment for CWM?'), question);
    assert.ok(question.includes(environment) && question.includes(WHEEL), question);
    await workbench.shot('environment');
});

test('without consent nothing is made', async () => {
    await dialog().getByText('Cancel', { exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
    assert.ok(!existsSync(environment));
});

test('with consent it is made with progress, and the extension works from it', async () => {
    await workbench.command('CWM: Create an Environment');
    await asked();
    await dialog().getByText('Create', { exact: true }).click();
    const progress = notification('CWM: setting up');
    await progress.filter({ hasText: 'installing cwm-lsp' }).waitFor({ timeout: INSTALL_MS });
    await workbench.shot('environment-progress');
    await progress.waitFor({ state: 'detached', timeout: INSTALL_MS });
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: 'Compare points' });
    await lens.first().click();
    await workbench.until((lines) => lines.some(({ shown }) => shown.includes('✗')), 'a comparison', 240);
    assert.ok(existsSync(path.join(environment, 'pyvenv.cfg')));
    await workbench.shot('environment-compare');
});
