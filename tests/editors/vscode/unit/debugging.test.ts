import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adopted, forGhost, isGhost, isOfEditor, resolved } from '../../../../editors/vscode/src/debugging.ts';

test('F5 without launch.json runs the file in the editor', () => {
    assert.deepEqual(resolved({}, '/py'), {
        name: 'CWM', type: 'cwm', request: 'launch', program: '${file}', console: 'internalConsole', python: '/py', cwmStates: true,
    });
});

test('a program that reads what is typed runs where one can type', () => {
    assert.equal(resolved({}, '', 'name = input("name? ")')['console'], 'integratedTerminal');
    assert.equal(resolved({}, '', 'for line in sys.stdin:')['console'], 'integratedTerminal');
    assert.equal(resolved({}, '', 'inputs(3)\nmy_input = 3')['console'], 'internalConsole');
    assert.equal(resolved({ console: 'internalConsole' }, '', 'input()')['console'], 'internalConsole');
});

test('a program works in the folder of the workspace, unless the configuration names another', () => {
    assert.equal(resolved({}, '', '', '/work')['cwd'], '/work');
    assert.equal(resolved({ cwd: '/else' }, '', '', '/work')['cwd'], '/else');
    assert.ok(!('cwd' in resolved({}, '')));
    assert.ok(!('cwd' in resolved({ request: 'attach' }, '', '', '/work')));
    assert.ok(!('cwd' in resolved(forGhost({ function: 'f', arguments: '1' }), '', '', '/work')));
});

test('what runs the file in the editor is known', () => {
    assert.ok(isOfEditor({}) && isOfEditor({ program: '${file}' }));
    assert.ok(!isOfEditor({ program: 'main.py' }) && !isOfEditor({ module: 'shop' }));
});

test('what a configuration says is kept', () => {
    const given = { name: 'mine', type: 'cwm', request: 'launch', module: 'shop', console: 'integratedTerminal', python: '/own' };
    assert.deepEqual(resolved(given, '/py'), { ...given, internalConsoleOptions: 'neverOpen', cwmStates: true });
});

test('the debug console does not open over a terminal, unless it is wanted', () => {
    assert.equal(resolved({}, '', 'input()')['internalConsoleOptions'], 'neverOpen');
    assert.equal(resolved({}, '', 'print()')['internalConsoleOptions'], undefined);
    const wanted = { console: 'integratedTerminal', internalConsoleOptions: 'openOnSessionStart' };
    assert.equal(resolved(wanted, '')['internalConsoleOptions'], 'openOnSessionStart');
});

test('an attach is passed on as it is', () => {
    const given = { name: 'a', type: 'cwm', request: 'attach', connect: { port: 5678 }, justMyCode: false };
    assert.deepEqual(resolved(given, '/py'), { ...given, cwmStates: true });
});

test('a ghost runs nothing, so it needs no interpreter and no console', () => {
    const ghost = forGhost({ function: 'f', arguments: '1, 2' }, '/a.py');
    assert.equal(isGhost(ghost), true);
    assert.deepEqual(resolved(ghost, '/py'), { ...ghost, cwmStates: true });
    assert.deepEqual([ghost['function'], ghost['arguments'], ghost['program']], ['f', '1, 2', '/a.py']);
    assert.equal(isGhost(resolved({}, '')), false);
});

test('an adopted configuration changes in its type alone', () => {
    const given = { name: 'd', type: 'debugpy', request: 'launch', program: 'x.py', jinja: true };
    assert.deepEqual(adopted(given), { ...given, type: 'cwm' });
});
