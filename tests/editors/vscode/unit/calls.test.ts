import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsOf, callText, functionAt, typedCall } from '../../../../editors/vscode/src/calls.ts';

const SOURCE = `import os

def first(xs):
    def inner():
        return 1

# at the margin
    return xs

TOTAL = 3
async def second(
    n,
):
    return n

class Shop:
    class Till:
        def open(self):
            return True

    def sell(self):
        def price():
            return 2
        return price()

    count = 0
`.split('\n');

const at = (text: string): string | undefined =>
    functionAt(SOURCE, SOURCE.findIndex((line) => line.includes(text)))?.name;

test('a method is named with its classes', () => {
    assert.equal(at('def sell'), 'Shop.sell');
    assert.equal(at('return 2'), 'Shop.sell');
    assert.equal(at('return price'), 'Shop.sell');
    assert.equal(at('return True'), 'Shop.Till.open');
    assert.equal(at('count = 0'), undefined);
    assert.equal(at('class Shop'), undefined);
});

test('a function inside another counts as the other', () => {
    assert.equal(at('def first'), 'first');
    assert.equal(at('return 1'), 'first');
    assert.equal(at('return xs'), 'first');
    assert.equal(at('async def second'), 'second');
    assert.equal(at('return n'), 'second');
});

test('outside of a function there is none', () => {
    assert.equal(at('import os'), undefined);
    assert.equal(at('TOTAL = 3'), undefined);
    assert.equal(functionAt([], 0), undefined);
});

test('a line past the end belongs to the last one', () => {
    assert.equal(functionAt(['def f():', '    pass', ''], 99)?.name, 'f');
});

const parameters = (...lines: string[]): string | undefined => functionAt([...lines, '    return 1'], lines.length)?.parameters;

test('the parameters of a function are those of its header', () => {
    assert.equal(parameters('def f():'), '');
    assert.equal(parameters('def f(words, floor=3):'), 'words, floor=3');
    assert.equal(parameters('def f(', '    words: list[tuple[str, int]],  # it\'s (all of them', '    sep=")",', ') -> int:'), 'words: list[tuple[str, int]], sep=")"');
    assert.equal(parameters('async def f(a, b={"(": 1}):'), 'a, b={"(": 1}');
    assert.equal(parameters('def f(a,'), '…');
});

const lens = (command: string, name: string, given: string) =>
    ({ range: { start: { line: 0 } }, command: { command, arguments: [{ uri: 'u', function: name, arguments: given }] } });

test('calls are those of the lenses for one command, each once', () => {
    const lenses = [
        lens('cwm.predict', 'f', '1'), lens('cwm.compare', 'f', '1'), lens('cwm.compare', 'f', '1'),
        lens('cwm.compare', 'f', '2'), lens('cwm.compare', 'g', ''),
        { range: { start: { line: 0 } }, command: { command: 'cwm.compare', arguments: [{ uri: 'u' }] } },
        { range: { start: { line: 0 } } },
    ];
    assert.deepEqual(callsOf(lenses, 'cwm.compare').map(callText), ['f(1)', 'f(2)', 'g()']);
    assert.deepEqual(callsOf(lenses, 'cwm.compare', 'g').map(callText), ['g()']);
    assert.deepEqual(callsOf(lenses, 'cwm.clear'), []);
});

test('typed inputs may come with the name or without', () => {
    assert.equal(typedCall('u', 'f', ' [1, 2], n=3 ').arguments, '[1, 2], n=3');
    assert.equal(typedCall('u', 'f', 'f([1, 2])').arguments, '[1, 2]');
    assert.equal(typedCall('u', 'f', 'g(1)').arguments, 'g(1)');
    assert.equal(typedCall('u', 'f', '').arguments, '');
    assert.equal(callText(typedCall('u', 'Box.add', 'Box(3), 4')), 'Box.add(Box(3), 4)');
    assert.equal(callText(typedCall('u', 'Box.add', 'Box(3).add(4)')), 'Box(3).add(4)');
});
