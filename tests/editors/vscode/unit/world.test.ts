import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DebugStates } from '../../../../editors/vscode/src/states.ts';
import { branchOf, type Future, type Row, rows } from '../../../../editors/vscode/src/world.ts';

const said = (text: string, state: 'agrees' | 'predicted', name = 'total') => ({ text, state, words: `words of ${text}`, name, dimmed: false });

const stop: DebugStates = {
    uri: 'file:///a.py', version: null, threadId: 1, stop: 3, past: 0, summary: 'right in 90 % of 10 values',
    divergences: [{
        at: { line: 4, character: 9 }, call: 'f()', step: 3, kind: 'value', name: 'n', observed: '1', predicted: '2', probability: 0.7, message: 'n: ...',
    }],
    lines: [
        { at: { line: 1, character: 5 }, fragments: [said('total = 0 ✓', 'agrees')], mark: false, visit: 1, visits: 1 },
        { at: { line: 2, character: 5 }, fragments: [said('total ≈ 4 · 93 %', 'predicted')], mark: false, visit: 2, visits: 3 },
        { at: { line: 3, character: 5 }, fragments: [], mark: true, visit: 1, visits: 1 },
    ],
};
const future: Future = {
    changes: { total: '9' },
    steps: [
        { kind: 'call', line: 9, probability: 0.9, fragments: [said('n ≈ 4 · 95 %', 'predicted', 'n')], mark: false },
        { kind: 'line', line: 10, probability: 0.9, fragments: [], mark: false },
        { kind: 'return', line: 10, probability: 0.9, fragments: [said('← ≈ 13 · 90 %', 'predicted', '')], mark: false },
        { kind: 'line', line: 4, probability: 0.9, fragments: [said('total ≈ 13 · 90 %', 'predicted')], mark: true },
        { kind: 'return', line: 4, probability: 0.8, fragments: [], mark: false },
    ],
    differs: 3,
    from: 3,
    why: 'The model is not sure.',
};

/** The rows as one would read them, children indented. */
const picture = (all: Row[], indent = ''): string[] => all.flatMap((row) => [
    `${indent}${row.label}${row.description === '' ? '' : ` | ${row.description}`}`, ...picture(row.children, `${indent}  `),
]);

test('the score, the surprises, each line with what is said of it, and what if', () => {
    assert.deepEqual(picture(rows(stop, [future], (line) => `  source ${line}`, true)), [
        'What if total = 9 | step 4 is the first that differs. The model is not sure.',
        '  9 | n ≈ 4 · 95 %',
        '  9 | → line 10',
        '  10 | ← ≈ 13 · 90 %',
        '  3 | total ≈ 13 · 90 %',
        '  4 | → return',
        'Score so far: right in 90 % of 10 values',
        'Line 5: n: ... | f()',
        '2 | source 1',
        '  total = 0 ✓',
        '3 | source 2  ⟨2/3⟩',
        '  total ≈ 4 · 93 %',
    ]);
});

test('what was asked for last stands first, and is open', () => {
    const [last, first] = rows(stop, [future, { ...future, changes: { total: '1' } }], () => '', true);
    assert.deepEqual([last?.label, last?.open, first?.label, first?.open], ['What if total = 1', true, 'What if total = 9', false]);
});

test('nothing to show is no row', () => {
    assert.deepEqual(rows(undefined, [], () => '', false), []);
});

test('values can be changed at a stop only, visits be chosen where there are several', () => {
    const contexts = (debugging: boolean): string[] => rows(stop, [], () => '', debugging).flatMap((row) => [row.context, ...row.children.map(({ context }) => context)]);
    assert.deepEqual(contexts(true), ['score', 'surprise', 'line', 'value', 'loop', 'value']);
    assert.deepEqual(contexts(false), ['score', 'surprise', 'line', 'said', 'loop', 'said']);
});

test('a screen reader hears the words of each row', () => {
    const [, , line] = rows(stop, [], () => '', false);
    assert.equal(line?.tooltip, 'words of total = 0 ✓');
    assert.equal(line?.children[0]?.tooltip, 'words of total = 0 ✓');
});

test('changes are read as typed, with commas inside values', () => {
    assert.deepEqual(branchOf('xs = [1, 2], name = "a, b"'), { xs: '[1, 2]', name: '"a, b"' });
    assert.deepEqual(branchOf(' n=-1 '), { n: '-1' });
    for (const wrong of ['', 'n', 'n == 1', '3 = n', 'n = 1,']) {
        assert.equal(typeof branchOf(wrong), 'string', wrong);
    }
});
