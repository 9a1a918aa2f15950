import { open } from './workbench.mjs';
import { setTimeout as pause } from 'node:timers/promises';
const PROGRAM = '/work/wt/page/.venv/bin/cwm-lsp';
const DOUBLE = `def double(n):
    twice = 0
    twice = n + n
    return twice


# cwm: double(4)
print(double(4))
`;
const w = await open({ 'double.py': DOUBLE }, { 'cwm.path': PROGRAM });
try {
    await w.file('double.py');
    await w.page.locator('.view-line', { hasText: 'twice = n' }).first().click();
    await w.page.keyboard.press('F9');
    await w.page.keyboard.press('F5');
    await w.page.locator('.debug-top-stack-frame-column, .debug-top-stack-frame-line').first().waitFor({ timeout: 90_000 });
    await w.until((lines) => lines.some(({shown}) => shown.includes('≈')), 'prediction', 90);
    await w.shot('try-stop');
    await w.command('CWM: What If');
    await w.page.locator('.quick-input-widget input').first().fill('n = 5');
    await w.page.keyboard.press('Enter');
    const row = w.page.locator('.pane', { hasText: 'World Model' }).locator('.monaco-list-row', { hasText: 'What if n = 5' }).first();
    await row.waitFor({ timeout: 60000 });
    await w.shot('try-asked');
    
    await pause(1000);
    await w.shot('try-unfolded');
    await row.hover();
    await row.locator('.action-label.codicon-split-horizontal').click({ timeout: 10000 });
    const frame = await w.frame((url) => /^http:\/\/127\.0\.0\.1:\d+\/#/.test(url));
    await frame.getByText('if n = 5').filter({ visible: true }).first().waitFor({ timeout: 60_000 });
    await pause(1500);
    await w.shot('try-page');
} catch (error) { console.error(error); await w.shot('try-failed'); }
await w.close();
