import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Drawing, drawings, fits, type LineState, SLOTS, type StatesParams } from '../../../../editors/vscode/src/states.ts';

const fragment = (text: string, state = 'agrees', dimmed = false): LineState['fragments'][number] =>
    ({ text, state: state as 'agrees', words: `words of ${text}`, name: 'n', dimmed });

const line = (fragments: LineState['fragments'], more: Partial<LineState> = {}): LineState =>
    ({ at: { line: 2, character: 7 }, fragments, mark: false, visit: 1, visits: 1, ...more });

const params = (...lines: LineState[]): StatesParams =>
    ({ uri: 'file:///a.py', version: 3, lines, divergences: [], summary: '' });

const drawn = (one: LineState): Drawing => {
    const found = drawings(params(one))[0];
    assert.ok(found);
    return found;
};

/** A line's end as the reader sees it. */
const picture = (drawing: Drawing): string => drawing.pieces.map(({ text }) => text).join('');

test('fragments keep their order and are parted by a dot', () => {
    const one = drawn(line([fragment('x = 1 ✓'), fragment('y = 2 ✗ predicted 3 · 60 %', 'differs')]));
    assert.equal(picture(one), 'x = 1 ✓ · y = 2 ✗ predicted 3 · 60 %');
    assert.deepEqual(one.pieces.map(({ tone }) => tone), ['agrees', 'differs']);
});

test('the visit of a loop stands last, and a line visited once has none', () => {
    assert.equal(picture(drawn(line([fragment('x = 2 ✓')], { visit: 3, visits: 4 }))), 'x = 2 ✓  ⟨3/4⟩');
    assert.equal(picture(drawn(line([fragment('x = 2 ✓')]))), 'x = 2 ✓');
});

test('a difference downstream of the first is dimmed, and keeps its words', () => {
    const [piece] = drawn(line([fragment('t = 1 ✗', 'differs', true)])).pieces;
    assert.equal(piece?.tone, 'dimmed');
    assert.equal(piece?.words, 'words of t = 1 ✗');
});

test('a state of a later server is drawn as observed', () => {
    assert.equal(drawn(line([fragment('x = 1', 'imagined')])).pieces[0]?.tone, 'observed');
});

test('nothing is lost when a line has more fragments than places', () => {
    const many = Array.from({ length: SLOTS + 3 }, (_, index) => fragment(`v${index} = 0`));
    const one = drawn(line(many, { visit: 1, visits: 2 }));
    assert.equal(one.pieces.length, SLOTS);
    assert.equal(picture(one), `${many.map(({ text }) => text).join(' · ')}  ⟨1/2⟩`);
    assert.match(one.pieces.at(-1)?.words ?? '', /words of v8 = 0; visit 1 of 2$/);
});

test('values are drawn on their own version of the document only', () => {
    assert.equal(fits(params(), 3, true), true);
    assert.equal(fits(params(), 4, false), false);
    assert.equal(fits({ ...params(), version: null }, 4, false), true);
    assert.equal(fits({ ...params(), version: null }, 4, true), false);
});

test('mark and place are those of the server', () => {
    const one = drawn(line([fragment('x')], { mark: true }));
    assert.deepEqual([one.line, one.character, one.mark], [2, 7, true]);
});
