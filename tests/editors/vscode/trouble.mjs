// Models that cannot be asked: the status item says so, a command says why, and correcting the setting is the way out.
// Run by `node --test`; test_vscode.py does so in `make test FULL=1`.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inOrder, open, ROOT } from './workbench.mjs';

const PROGRAM = process.env.CWM_LSP_PROGRAM;
const DOUBLE = 'def double(n):\n    twice = n + n\n    return twice\n\n\n# cwm: double(4)\n';
const models = mkdtempSync(path.join(tmpdir(), 'cwm-models-'));

/** The shipped weights, of which one byte is another. */
function damaged() {
    const folder = path.join(models, 'damaged');
    cpSync(path.join(ROOT, 'cwm_lsp/weights'), folder, { recursive: true });
    writeSync(openSync(path.join(folder, 'model.onnx'), 'r+'), '?', 5000);
    return folder;
}

/** A checkpoint's folder, as far as a client of a model server reads it. */
function checkpoint(name, files) {
    const folder = path.join(models, name);
    mkdirSync(folder);
    for (const [file, data] of Object.entries(files)) {
        writeFileSync(path.join(folder, file), JSON.stringify(data));
    }
    return folder;
}

const LLAMA = { model_type: 'llama', vocab_size: 300, max_position_embeddings: 2048 };
const FOREIGN = { version: '1.0', added_tokens: [], model: { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'b' } };

let workbench;
let babbling;

before(async () => {
    assert.ok(PROGRAM, 'CWM_LSP_PROGRAM must name the cwm-lsp to test');
    babbling = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    workbench = await open({ 'double.py': DOUBLE }, { 'cwm.path': PROGRAM, 'cwm.model': damaged() });
    await workbench.file('double.py');
});

inOrder(() => workbench);
after(() => {
    babbling?.close();
    rmSync(models, { recursive: true, force: true });
});

/** Set what the machine sets; the server starts again. */
function set(settings) {
    const file = path.join(workbench.data, 'Machine/settings.json');
    writeFileSync(file, JSON.stringify({ 'cwm.path': PROGRAM, ...settings }));
}

const item = (text) => workbench.page.locator('.statusbar-item', { hasText: text });

/** Wait for the item to tell of a problem, and for its words, as a screen reader has them. */
async function told(words) {
    await item('has a problem').and(workbench.page.locator(`[aria-label*="${words}"]`)).or(
        item('has a problem').locator(`[aria-label*="${words}"]`),
    ).first().waitFor({ timeout: 120_000 });
}

test('damaged weights are seen in the status item, and a command says what to do', async () => {
    await told('is damaged');
    await workbench.shot('model-damaged');
    await workbench.page.locator('.view-line', { hasText: 'twice = n' }).first().click();
    await workbench.command('CWM: Compare Function');
    const notification = workbench.page.locator('.notification-list-item', { hasText: 'is damaged' });
    await notification.filter({ hasText: 'Install cwm-lsp again' }).first().waitFor({ timeout: 240_000 });
    await notification.getByText('Run Doctor').first().waitFor();
    await workbench.until((lines) => lines.some(({ shown }) => shown === 'twice = 8'), 'what was observed, without a model');
    assert.equal(await workbench.page.locator('.notification-list-item-message').count(), 1, 'it is said once');
    await workbench.shot('model-damaged-compare');
});

test('the menu of the item begins with the problem', async () => {
    await item('has a problem').first().click();
    const first = workbench.page.locator('.quick-input-list .monaco-list-row').first();
    await first.filter({ hasText: 'is damaged' }).waitFor();
    await workbench.shot('model-menu');
    await workbench.page.keyboard.press('Escape');
});

test('the step of the walkthrough that installs is not done by a doctor that finds something wrong', async () => {
    await workbench.command('CWM: Open Walkthrough');
    const install = workbench.page.locator('.getting-started-step', { hasText: 'Install cwm-lsp' });
    await install.click();
    await install.locator('.monaco-button', { hasText: 'Run Doctor' }).click();
    await workbench.page.locator('.part.panel .view-line', { hasText: 'problem:' }).first().waitFor({ timeout: 120_000 });
    assert.equal(await install.locator('.codicon-getting-started-step-unchecked').count(), 1);
    await workbench.shot('walkthrough-trouble');
    await workbench.file('double.py');
});

test('a model server that is down is named', async () => {
    const folder = checkpoint('ours', { 'config.json': { ...LLAMA, cwm_lsp: { codec: 'compact' } } });
    set({ 'cwm.backend': 'vllm', 'cwm.model': folder, 'cwm.endpoint': 'http://127.0.0.1:9' });
    await told('http://127.0.0.1:9 cannot be reached');
});

test('a server that answers something else is named', async () => {
    const endpoint = `http://127.0.0.1:${babbling.address().port}`;
    set({ 'cwm.backend': 'vllm', 'cwm.model': path.join(models, 'ours'), 'cwm.endpoint': endpoint });
    await told('is no answer of a model server');
});

test('a vocabulary without trace tokens is named', async () => {
    const folder = checkpoint('foreign', { 'config.json': LLAMA, 'tokenizer.json': FOREIGN });
    set({ 'cwm.backend': 'vllm', 'cwm.model': folder });
    await told('trained on CWM traces');
});

test('with the setting corrected the item is well, and a comparison shows both', async () => {
    set({});
    const well = workbench.page.locator('.statusbar-item', { hasText: /CWM embedded(?! · has)/ });
    await well.first().waitFor({ timeout: 120_000 });
    await workbench.command('CWM: Compare Function');
    await workbench.until((lines) => lines.some(({ shown }) => shown.startsWith('twice = 8 ✓')), 'a comparison', 90);
});
