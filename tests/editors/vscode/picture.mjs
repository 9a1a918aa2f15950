// The picture of the documents: the sample, compared. `node picture.mjs FILE.png`; tests/editors/pictures.py runs it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { open, ROOT } from './workbench.mjs';

const SAMPLE = readFileSync(path.join(ROOT, 'cwm_lsp/demo/scores.py'), 'utf8');

const workbench = await open({ 'scores.py': SAMPLE }, { 'cwm.path': process.env.CWM_LSP_PROGRAM });
try {
    await workbench.page.setViewportSize({ width: 1360, height: 720 });
    await workbench.file('scores.py');
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: 'Compare points' });
    await lens.first().click({ timeout: 90_000 });
    await workbench.until((lines) => ['✓', '✗'].every((mark) => lines.some(({ shown }) => shown.includes(mark))), 'a comparison');
    await workbench.page.locator('.statusbar-item', { hasText: /CWM embedded · right in \d+ % of/ }).waitFor({ timeout: 60_000 });
    await workbench.page.locator('.codelens-decoration a', { hasText: 'right in' }).first().waitFor({ timeout: 60_000 });
    await workbench.page.mouse.move(700, 650);
    await workbench.page.screenshot({ path: process.argv[2] });
} finally {
    await workbench.close();
}
