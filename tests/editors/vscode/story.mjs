// What a user does first, in the real editor. Run by `node --test`; test_vscode.py does so in `make test FULL=1`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { inOrder, open, ROOT } from './workbench.mjs';

const SAMPLE = readFileSync(path.join(ROOT, 'cwm_lsp/demo/scores.py'), 'utf8');
const PROGRAM = process.env.CWM_LSP_PROGRAM;
const at = (lines, source) => lines.find((line) => line.source.includes(source))?.shown ?? '';
const some = (lines, text) => lines.some(({ shown }) => shown.includes(text));
const empty = (lines) => lines.length > 0 && lines.every(({ shown }) => shown === '');

const DOUBLE = `def double(n):
    twice = 0
    twice = n + n
    return twice


# cwm: double(4)
print(double(4))
`;

const BROKEN = `def mean_above(xs, floor):
    """The sum of what lies above, by the number of all.

    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    >>> mean_above([1, 2, 3], 3)
    0.0
    """
    total = 0
    for x in xs:
        if x >= floor:
            total += x
    return total / len(xs)
`;

const LONG = `def spread(n):
    numbers = list(range(n))
    return numbers


# cwm: spread(200)
`;

const FAILING = `def load(lines):
    found = []
    for line in lines:
        found.append(int(line))
    return found


print(load(['1', 'two']))
`;

const MANY = Array.from({ length: 30 }, (_, n) => `def step_${n}(n):\n    return n + ${n}\n\n\n# cwm: step_${n}(1)\n\n`).join('');

const ASKING = `name = input('who? ')
print('hello', name)
`;

let workbench;

before(async () => {
    assert.ok(PROGRAM, 'CWM_LSP_PROGRAM must name the cwm-lsp to test');
    workbench = await open({ 'scores.py': SAMPLE, 'double.py': DOUBLE, 'broken.py': BROKEN, 'long.py': LONG, 'failing.py': FAILING, 'asking.py': ASKING, 'many.py': MANY }, { 'cwm.path': PROGRAM });
});

inOrder(() => workbench);

test('a lens offers to compare, and the lines then show both', async () => {
    await workbench.file('scores.py');
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: 'Compare points' });
    await lens.first().click({ timeout: 90_000 });
    const lines = await workbench.until((seen) => some(seen, '✓') && some(seen, '✗'), 'a comparison');
    await workbench.shot('compare');
    assert.match(at(lines, 'total = 0'), /^total = 0 ✓/);
    assert.match(at(lines, 'for team'), /⟨\d\/\d⟩$/);
});

test('a lens that was out of sight when lenses were asked for anew still does what it says', async () => {
    await workbench.file('many.py');
    const goTo = async (line) => await workbench.quick('Control+G', `:${line}`, `line ${line}`);
    const predict = workbench.page.locator('.codelens-decoration a', { hasText: 'Predict' });
    await predict.first().waitFor({ timeout: 90_000 });
    await goTo(150);
    await workbench.page.waitForTimeout(1000); // VS Code works out what is in sight a while after it was scrolled to
    await goTo(1);
    await predict.first().click();
    await workbench.until((lines) => some(lines, '≈'), 'a prediction, after which lenses are others');
    await goTo(150);
    await workbench.page.evaluate(clickFirst, 'Predict');
    await workbench.until((lines) => some(lines, '≈'), 'a prediction down there');
    await workbench.command('CWM: Clear All Values');
    await workbench.file('scores.py');
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Compare points' }).first().click();
    await workbench.until((lines) => some(lines, '✗'), 'the comparison again');
});

/** In the page: click the first lens in sight that says `text`, as soon as there is one. */
async function clickFirst(text) {
    for (;;) {
        const inSight = [...document.querySelectorAll('.codelens-decoration a')].find((one) => {
            const { y } = one.getBoundingClientRect();
            return one.textContent === text && y > 100 && y < 700 && getComputedStyle(one.parentElement).visibility !== 'hidden';
        });
        if (inSight) {
            for (const kind of ['mousedown', 'mouseup', 'click']) {
                inSight.dispatchEvent(new MouseEvent(kind, { bubbles: true, button: 0, view: window }));
            }
            return;
        }
        await new Promise(requestAnimationFrame);
    }
}

test('the first divergence is marked in the gutter, and only there', async () => {
    const marks = workbench.page.locator('.glyph-margin-widgets [class*="TextEditorDecorationType"], .margin-view-overlays .cgmr[class*="TextEditorDecorationType"]');
    await marks.first().waitFor();
    assert.equal(await marks.count(), 1);
});

test('a hover tells the values in full', async () => {
    await workbench.page.locator('.view-line', { hasText: 'total = 0' }).getByText('total', { exact: true }).first().hover();
    const hover = workbench.page.locator('.monaco-hover:visible', { hasText: 'total' });
    await hover.first().waitFor({ timeout: 30_000 });
    await workbench.shot('hover');
    await workbench.page.keyboard.press('Escape');
});

test('a visit of a loop can be chosen, and the lines follow', async () => {
    await workbench.page.locator('.view-line', { hasText: 'for team' }).first().click();
    await workbench.command('CWM: Choose a Visit of This Line');
    await workbench.pick('visit 1 of');
    await workbench.until((lines) => lines.some(({ source, shown }) => source.includes('for team') && shown.includes('⟨1/')), 'the first visit');
});

test('the trace page opens beside the editor', async () => {
    await workbench.command('CWM: Open Trace Page');
    const frame = await workbench.frame((url) => /^http:\/\/127\.0\.0\.1:\d+\/#/.test(url));
    await frame.getByText(/the model expected/).filter({ visible: true }).first().waitFor({ timeout: 60_000 });
    await workbench.shot('trace');
    // Keys typed into a frame of another origin stay there, so the editor gets the focus first.
    await workbench.page.locator('.view-line', { hasText: 'for team' }).first().click();
    await workbench.command('View: Close Editors in Other Groups');
    await workbench.file('scores.py');
});

test('the status item names model and calibration', async () => {
    const item = workbench.page.locator('.statusbar-item', { hasText: 'CWM embedded' });
    await item.filter({ hasText: /right in \d+ % of/ }).waitFor({ timeout: 60_000 });
});

test('one switch takes everything away and brings it back', async () => {
    await workbench.command('CWM: Turn Everything On or Off');
    await workbench.until(empty, 'everything off');
    await workbench.command('CWM: Turn Everything On or Off');
    await workbench.until((lines) => some(lines, '✗'), 'everything on');
});

test('an edit takes the values away', async () => {
    await workbench.page.locator('.view-line', { hasText: 'return table' }).first().click();
    await workbench.page.keyboard.press('End');
    await workbench.page.keyboard.type('  ');
    await workbench.page.keyboard.type('or table');
    await workbench.until(empty, 'no values after an edit');
    await workbench.page.keyboard.press('Control+S');
});

test('a prediction by the palette shows what was not run', async () => {
    await workbench.page.locator('.view-line', { hasText: 'return table' }).first().click();
    await workbench.command('CWM: Predict Function');
    await workbench.until((lines) => some(lines, '≈'), 'a prediction');
    await workbench.shot('predict');
    await workbench.command('CWM: Clear Values in This File');
    await workbench.until(empty, 'cleared');
});

test('a failing doctest leads to a fix that is taken, and the line is another', async () => {
    await workbench.file('broken.py');
    await workbench.page.locator('.view-line', { hasText: 'total += x' }).first().click();
    await workbench.command('CWM: Record Function');
    await workbench.pick('mean_above([1, 2, 3], 3)');
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: 'find a fix' });
    await lens.first().waitFor({ timeout: 60_000 });
    await workbench.shot('unmet');
    await lens.first().click();
    const row = workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Line 11: if x > floor:' });
    await row.first().waitFor({ timeout: 90_000 });
    await workbench.shot('fix');
    await row.first().click();
    await workbench.page.locator('.view-line', { hasText: 'if x > floor:' }).first().waitFor();
    await workbench.page.keyboard.press('Control+S');
});

const variables = (text) => workbench.page.locator('.debug-variables .monaco-list-row', { hasText: text });
const toolbar = (action) => workbench.page.locator(`.debug-toolbar .codicon-${action}`);
const stopped = () => workbench.page.locator('.debug-top-stack-frame-column, .debug-top-stack-frame-line').first();

/** Wait for the session to stop at a line, and open the view with its variables. */
async function halted() {
    await stopped().waitFor({ timeout: 90_000 });
    await workbench.page.keyboard.press('Control+Shift+D');
    const scope = workbench.page.locator('.debug-variables .monaco-list-row').first();
    await scope.waitFor();
    if ((await scope.getAttribute('aria-expanded')) === 'false') {
        await scope.click();
    }
}

/** End the session, and wait until it is gone. */
async function stop() {
    await workbench.page.keyboard.press('Shift+F5');
    await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
}

test('a long value ends before the minimap, and the hover has it whole and copies it', async () => {
    await workbench.file('long.py');
    await workbench.page.locator('.view-line', { hasText: 'numbers = list' }).first().click();
    await workbench.command('CWM: Record Function');
    const lines = await workbench.until((seen) => at(seen, 'return numbers').startsWith('←'), 'a recording');
    for (const { source, shown } of lines.filter((one) => one.shown !== '')) {
        assert.ok(source.length + 5 + shown.length <= 90, `${source}   ${shown}`);
    }
    assert.match(at(lines, 'numbers = list'), /^numbers = \[0, 1, 2, .*…$/);
    const line = await workbench.page.locator('.view-line', { hasText: 'numbers = list' }).first().boundingBox();
    await workbench.page.mouse.move(line.x + 400, line.y + line.height / 2);
    const hover = workbench.page.locator('.monaco-hover:visible', { hasText: 'numbers: observed [0, 1' });
    await hover.filter({ hasText: '198, 199]' }).first().waitFor({ timeout: 30_000 });
    await workbench.shot('long');
    await hover.getByText('Copy', { exact: true }).first().click();
    await workbench.page.locator('.statusbar-item', { hasText: 'were copied' }).waitFor();
    assert.match(await workbench.page.evaluate(() => navigator.clipboard.readText()), /^numbers: observed \[0, 1, .*198, 199\]$/);
    await workbench.page.keyboard.press('Escape');
});

test('F5 debugs a file without launch.json and without another Python extension', async () => {
    await workbench.file('double.py');
    await workbench.page.locator('.view-line', { hasText: 'return twice' }).first().click();
    await workbench.page.keyboard.press('F9');
    await workbench.page.keyboard.press('F5');
    await halted();
    await variables('twice').filter({ hasText: '8' }).first().waitFor();
    await workbench.shot('debug');
    await stop();
    await workbench.page.keyboard.press('F9');
});

test('an uncaught exception stops the program where it was raised', async () => {
    await workbench.file('failing.py');
    await workbench.page.locator('.view-line', { hasText: 'return found' }).first().click();
    await workbench.page.keyboard.press('F5');
    const said = workbench.page.locator('.exception-widget', { hasText: 'ValueError' });
    await said.filter({ hasText: "invalid literal for int() with base 10: 'two'" }).waitFor({ timeout: 90_000 });
    await workbench.shot('exception');
    await stop();
    await workbench.file('double.py');
});

test('a program that reads what is typed asks for it in a terminal that can be seen', async () => {
    await workbench.file('asking.py');
    await workbench.page.keyboard.press('F5');
    const terminal = workbench.page.locator('.terminal-wrapper').filter({ visible: true }).first();
    await terminal.waitFor({ timeout: 90_000 });
    await terminal.locator('.xterm-rows', { hasText: 'who?' }).waitFor({ timeout: 90_000 });
    await workbench.shot('terminal');
    await terminal.click();
    await workbench.page.keyboard.type('Ada');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden', timeout: 90_000 });
    await workbench.file('double.py');
});

test('at a stop the lines show what is expected, and a step later whether it came', async () => {
    await workbench.page.locator('.view-line', { hasText: 'twice = 0' }).first().click();
    await workbench.page.keyboard.press('F9');
    await workbench.page.keyboard.press('F5');
    await halted();
    await workbench.until((lines) => /^twice ≈ 0 · \d+ %/.test(at(lines, 'twice = 0')), 'a prediction at the stop', 90);
    await workbench.page.keyboard.press('F10');
    await workbench.until((lines) => /^twice = 0 ✓/.test(at(lines, 'twice = 0')), 'what came of the step');
    const pane = workbench.page.locator('.pane', { hasText: 'World Model' });
    const header = pane.locator('.pane-header').last();
    await header.and(workbench.page.locator('[aria-expanded="true"]')).waitFor();
    const rows = pane.locator('.monaco-list-row');
    await rows.filter({ hasText: /right in \d+ % of/ }).first().waitFor();
    await rows.filter({ hasText: 'twice = 0 ✓' }).first().waitFor();
    await workbench.shot('stop');
});

test('a what-if at the stop unfolds in the view, and opens both futures side by side', async () => {
    const rows = workbench.page.locator('.pane', { hasText: 'World Model' }).locator('.monaco-list-row');
    await workbench.command('CWM: What If');
    await workbench.page.locator('.quick-input-widget input').first().fill('n = 5');
    await workbench.page.keyboard.press('Enter');
    const future = rows.filter({ hasText: 'What if n = 5' }).first();
    await future.waitFor({ timeout: 60_000 });
    const step = rows.filter({ hasText: /^3\s*twice ≈ / }).first();
    await step.waitFor();
    await workbench.shot('what-if');
    await future.locator('.monaco-tl-twistie').click();
    await step.waitFor({ state: 'detached' });
    await future.locator('.monaco-tl-twistie').click();
    await step.waitFor();
    await future.hover();
    await future.locator('.codicon-split-horizontal').click();
    const frame = await workbench.frame((url) => /^http:\/\/127\.0\.0\.1:\d+\/#/.test(url));
    await frame.locator('#right .name', { hasText: 'if n = 5' }).waitFor({ timeout: 60_000 });
    await frame.locator('#left .row', { hasText: '≈' }).first().waitFor();
    await workbench.shot('what-if page');
    await workbench.page.locator('.view-line', { hasText: 'twice = 0' }).first().click();
    await workbench.command('View: Close Editors in Other Groups');
    await stop();
    await workbench.until(empty, 'no values after the session');
    await workbench.page.keyboard.press('F9');
});

test('a ghost session steps through a prediction, back as well as forward', async () => {
    await workbench.page.locator('.view-line', { hasText: 'twice = n' }).first().click();
    await workbench.command('CWM: Step Through a Prediction of This Function');
    await halted();
    await toolbar('debug-step-back').first().waitFor();
    await workbench.page.keyboard.press('F10');
    await variables('n').filter({ hasText: '4' }).first().waitFor();
    await variables('twice').filter({ hasText: '≈ 0' }).first().waitFor();
    await workbench.until((lines) => /^twice ≈ 0 · \d+ %/.test(at(lines, 'twice = 0')), 'what was predicted, at its line');
    const rows = workbench.page.locator('.pane', { hasText: 'World Model' }).locator('.monaco-list-row');
    await rows.filter({ hasText: /^twice ≈ 0 · \d+ %/ }).first().waitFor();
    const kinds = workbench.page.locator('.debug-breakpoints .monaco-list-row');
    await kinds.filter({ hasText: 'Predicted exceptions' }).first().waitFor();
    assert.equal(await kinds.filter({ hasText: 'Uncaught Exceptions' }).count(), 0);
    await workbench.shot('ghost');
    await stop();
    await workbench.until(empty, 'no values after the ghost');
});

test('a step of the walkthrough does what it says while the walkthrough is in front', async () => {
    await workbench.command('CWM: Open Walkthrough');
    const install = workbench.page.locator('.getting-started-step', { hasText: 'Install cwm-lsp' });
    await install.locator('.codicon-getting-started-step-checked').first().waitFor({ timeout: 60_000 });
    const step = workbench.page.locator('.getting-started-step', { hasText: 'Compare a function' });
    await step.click();
    await step.locator('.monaco-button', { hasText: 'Compare Function' }).click();
    await workbench.page.locator('.tab.active', { hasText: '.py' }).first().waitFor();
    await workbench.shot('walkthrough');
    await workbench.page.keyboard.press('Escape');
});

test('no notification was shown on the way', async () => {
    const told = await workbench.page.locator('.notification-list-item-message').allTextContents();
    assert.deepEqual(told, []);
});
