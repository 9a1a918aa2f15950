import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Facts, isOfTheCode, modelOf, statusLines, statusText, troubleOf } from '../../../../editors/vscode/src/statusText.ts';
import { spaced } from '../../../../editors/vscode/src/tables.ts';
import { serverOptions } from '../../../../editors/vscode/src/options.ts';

const facts = (more: Partial<Facts> = {}): Facts => ({
    state: 'ready', backend: 'embedded', model: 'small', version: '0.1.0', summary: '', shown: true, detail: '', trouble: '', ...more,
});

test('the status item says model, state and calibration', () => {
    assert.equal(statusText(facts()), '$(beaker) CWM embedded');
    assert.equal(
        statusText(facts({ summary: 'right in 94 % of 212 values' })),
        '$(beaker) CWM embedded · right in 94 % of 212 values',
    );
    assert.equal(statusText(facts({ state: 'working' })), '$(loading~spin) CWM embedded');
    assert.equal(statusText(facts({ state: 'missing' })), '$(warning) CWM · cwm-lsp was not found');
    assert.equal(statusText(facts({ shown: false })), '$(beaker) CWM embedded · hidden');
});

test('its tooltip says the same in sentences', () => {
    assert.deepEqual(statusLines(facts({ summary: 'right in 50 % of 2 values', shown: false })), [
        'CWM is ready (cwm-lsp 0.1.0)',
        'Model: embedded, small',
        'The model was right in 50 % of 2 values in this file',
        'Everything is switched off (cwm.show.all)',
    ]);
});

test('the doctor is asked for the model, and need not know', () => {
    const said = { backend: 'embedded', model: 'small', trouble: '' };
    assert.deepEqual(modelOf('{"backend": {"chosen": "embedded", "model": "small"}, "problems": []}'), said);
    const problems = '[{"what": "It is damaged.", "hint": "Install it again."}, {"what": "Another.", "hint": ""}]';
    assert.equal(modelOf(`{"problems": ${problems}}`).trouble, 'It is damaged. Install it again.');
    assert.deepEqual(modelOf('{"backend": {"chosen": null}}'), { backend: '', model: '', trouble: '' });
    assert.deepEqual(modelOf('Traceback'), { backend: '', model: '', trouble: '' });
});

test('what is wrong with the model is seen in the item and told in its tooltip', () => {
    const ill = facts({ trouble: 'It is damaged.', summary: 'right in 50 % of 2 values' });
    assert.equal(statusText(ill), '$(warning) CWM embedded · has a problem');
    assert.ok(statusLines(ill).includes('Problem: It is damaged.'));
    assert.equal(statusText({ ...ill, state: 'working' }), '$(loading~spin) CWM embedded · has a problem');
    assert.equal(troubleOf('The model host has died.', { kind: 'ModelCrashed' }), 'The model host has died.');
    assert.equal(troubleOf('f is no function.', { kind: 'TargetError' }), '');
    assert.equal(troubleOf('Something.', undefined), '');
    assert.ok(isOfTheCode({ kind: 'SourceError' }));
    assert.ok(![{ kind: 'RunError' }, { kind: 'ModelCrashed' }, {}, undefined].some(isOfTheCode));
});

test('settings go to the server under its own names', () => {
    const settings: Record<string, unknown> = { 'show.all': false, backend: 'off', maxEvents: 7 };
    assert.deepEqual(serverOptions((name) => settings[name], false, '/usr/bin/python3'), {
        trusted: false,
        show: { all: false, predictions: true, observed: true, divergence: true, lenses: true, diagnostics: true },
        backend: 'off',
        maxEvents: 7,
        python: '/usr/bin/python3',
    });
});

test('what the user has not set, or emptied, is left to the project', () => {
    const settings: Record<string, unknown> = { threshold: null, model: '' };
    assert.deepEqual(Object.keys(serverOptions((name) => settings[name], true, '')), ['trusted', 'show']);
});

test('an interpreter that was set comes before the one that the editor knows', () => {
    assert.equal(serverOptions((name) => (name === 'python' ? '/mine' : ''), true, '/theirs')['python'], '/mine');
});

test('the columns of a hover have room between them, and text with bars is left alone', () => {
    const table = ['**f\\(2\\)** observed', '', '| visit | | observed |', '|---:|---|---|', '| 1/2 | n | a\\|b |'];
    const room = '&nbsp;&nbsp;&nbsp;';
    const found = spaced(table.join('\n')).split('\n');
    assert.deepEqual(found.slice(0, 2), table.slice(0, 2));
    assert.equal(found[2], `| visit${room} |${room} | observed${room} |`);
    assert.equal(found[3], table[3]);
    assert.equal(found[4], `| 1/2${room} | n${room} | a\\|b${room} |`);
});
