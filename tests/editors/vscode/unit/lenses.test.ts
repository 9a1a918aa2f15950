import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Names, type Told } from '../../../../editors/vscode/src/lenses.ts';

function names(): { registered: Map<string, Told>; names: Names } {
    const registered = new Map<string, Told>();
    return {
        registered,
        names: new Names((name, told) => {
            registered.set(name, told);
            return { dispose: () => registered.delete(name) };
        }),
    };
}

const lens = (call: string): { command: Told } => ({ command: { command: 'cwm.compare', arguments: [{ function: call }] } });

test('a lens of a list that was asked for anew still does what it says', () => {
    const { registered, names: given } = names();
    const [old] = given.name([lens('f')]);
    given.name([lens('g')]);
    assert.deepEqual(old?.command.arguments, undefined);
    assert.deepEqual(registered.get(old?.command.command ?? '')?.arguments, [{ function: 'f' }]);
});

test('the same command has the same name', () => {
    const { registered, names: given } = names();
    const found = [...given.name([lens('f'), lens('g')]), ...given.name([lens('g'), lens('f')])];
    assert.deepEqual(found.map(({ command }) => command.command), ['cwm.lens.1', 'cwm.lens.2', 'cwm.lens.2', 'cwm.lens.1']);
    assert.equal(registered.size, 2);
});

test('a lens without arguments, or not resolved, stays as it is', () => {
    const { names: given } = names();
    const plain = [{ command: { command: 'cwm.doctor' } }, {}];
    assert.deepEqual(given.name(plain), [{ command: { command: 'cwm.doctor' } }, {}]);
});

test('what was not asked for the longest time is forgotten, a list never', () => {
    const { registered, names: given } = names();
    const [first] = given.name([lens('first')]);
    const many = given.name(Array.from({ length: 2_500 }, (_, n) => lens(`f${n}`)));
    assert.equal(registered.has(first?.command.command ?? ''), false);
    assert.ok(many.every(({ command }) => registered.has(command.command)));
    given.dispose();
    assert.equal(registered.size, 0);
});
