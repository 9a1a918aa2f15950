// A folder that nobody has said to trust: what runs no code works, and what runs it waits until it is trusted.
// Run by `node --test`; test_vscode.py does so in `make test FULL=1`.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { inOrder, open } from './workbench.mjs';

const PROGRAM = process.env.CWM_LSP_PROGRAM;
const DOUBLE = `def double(n):
    twice = n + n
    return twice


# cwm: double(4)
open('ran', 'w').close()
`;

let workbench;

before(async () => {
    assert.ok(PROGRAM, 'CWM_LSP_PROGRAM must name the cwm-lsp to test');
    workbench = await open({ 'double.py': DOUBLE }, { 'cwm.path': PROGRAM }, {}, true);
    await workbench.file('double.py');
});

inOrder(() => workbench);

const ran = () => existsSync(path.join(workbench.folder, 'ran'));
const lens = (text) => workbench.page.locator('.codelens-decoration a', { hasText: text }).first();
const dialog = () => workbench.page.locator('.monaco-dialog-box', { hasText: 'Do you trust the authors' });

test('a function can be predicted, and nothing offers to run it', async () => {
    await lens('Predict double(n=4)').or(lens('Predict double(4)')).first().click({ timeout: 90_000 });
    await workbench.until((lines) => lines.some(({ shown }) => /^twice ≈ 8 · \d+ %/.test(shown)), 'a prediction');
    assert.equal(await lens('Compare').count(), 0);
    await workbench.page.keyboard.press('F1');
    await workbench.page.locator('.quick-input-widget input').first().fill('>CWM: ');
    const rows = workbench.page.locator('.quick-input-list .monaco-list-row');
    await rows.filter({ hasText: 'CWM: Predict Function' }).first().waitFor();
    for (const title of ['Compare Function', 'Record Function', 'Find a Fix', 'Debug', 'Step Through']) {
        assert.equal(await rows.filter({ hasText: title }).count(), 0, title);
    }
    await workbench.shot('trust');
    await workbench.page.keyboard.press('Escape');
});

test('F5 asks first, and runs nothing where the answer is no', async () => {
    await workbench.page.locator('.view-line', { hasText: 'return twice' }).first().click();
    await workbench.page.keyboard.press('F5');
    await dialog().getByText('Cancel', { exact: true }).click({ timeout: 60_000 });
    await dialog().waitFor({ state: 'detached' });
    assert.ok(!ran());
});

test('once the folder is trusted all of it is there', async () => {
    await workbench.page.keyboard.press('F5');
    await dialog().getByText('Trust Folder & Continue').click({ timeout: 60_000 });
    await workbench.until(() => ran(), 'the run of the program', 120);
    await lens('Compare double').click({ timeout: 90_000 });
    await workbench.until((lines) => lines.some(({ shown }) => shown.startsWith('twice = 8 ✓')), 'a comparison', 90);
});
