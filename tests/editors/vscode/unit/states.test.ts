import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cells, shorten } from '../../../../editors/vscode/src/shorten.ts';
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
    const { pieces: [piece], words } = drawn(line([fragment('t = 1 ✗', 'differs', true)]));
    assert.equal(piece?.tone, 'dimmed');
    assert.deepEqual(words, ['n: words of t = 1 ✗']);
});

test('values are cut to the room of their line, the visit stays, and the words are whole', () => {
    const long = `xs = [${'12, '.repeat(40)}] ✓`;
    const [one] = drawings(params(line([fragment(long), fragment('y = 2'), fragment('z = 3')], { visit: 2, visits: 3 })), () => 40);
    assert.ok(one);
    assert.match(picture(one), /^xs = \[12, .*… ✓ · y = 2 · z = 3  ⟨2\/3⟩$/);
    assert.ok(cells(picture(one)) <= 40);
    assert.deepEqual(one.words, [`n: words of ${long}`, 'n: words of y = 2', 'n: words of z = 3']);
});

test('what differs is kept whole before what follows it is shown', () => {
    const differs = fragment("name = 'book' ✗ predicted 'pen' · 95 %", 'differs');
    const [one] = drawings(params(line([differs, fragment('item = 6 ✓')])), () => 48);
    assert.equal(one && picture(one), differs.text);
    const [both] = drawings(params(line([differs, fragment("item = Item(name='book', price=12.0)")])), () => 56);
    assert.equal(both && picture(both), `${differs.text} · item = Item(na…`);
});

test('values are cut as in the other editors', () => {
    const cases: { text: string; width: number; cut: string }[] = JSON.parse(
        readFileSync(new URL('../../shorten.json', import.meta.url), 'utf8'),
    );
    for (const { text, width, cut } of cases) {
        assert.equal(shorten(text, width), cut);
        assert.ok(cells(cut) <= width, cut);
    }
});

test('a state of a later server is drawn as observed', () => {
    assert.equal(drawn(line([fragment('x = 1', 'imagined')])).pieces[0]?.tone, 'observed');
});

test('nothing is lost when a line has more fragments than places', () => {
    const many = Array.from({ length: SLOTS + 3 }, (_, index) => fragment(`v${index} = 0`));
    const one = drawn(line(many, { visit: 1, visits: 2 }));
    assert.equal(one.pieces.length, SLOTS);
    assert.equal(picture(one), `${many.map(({ text }) => text).join(' · ')}  ⟨1/2⟩`);
    assert.equal(one.words.length, SLOTS + 3);
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
