// The manifest, the documents and the code say the same.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { serverOptions } from '../../../../editors/vscode/src/options.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const extension = path.join(root, 'editors/vscode');
const read = (...parts: string[]): string => readFileSync(path.join(root, ...parts), 'utf8');
const manifest = JSON.parse(read('editors/vscode/package.json'));
const document = read('docs/vscode.md');
const sources = readdirSync(path.join(extension, 'src')).map((name) => read('editors/vscode/src', name)).join('\n');
const commands: string[] = manifest.contributes.commands.map(({ command }: { command: string }) => command);
const settings = Object.assign({}, ...manifest.contributes.configuration.map((part: any) => part.properties));

/** Names of the server's settings that only an editor needs to know. */
const EDITORS_OWN = ['cwm.package', 'cwm.show.columns', 'cwm.repair.seconds', 'cwm.path', 'cwm.trace.server', 'cwm.debug.debugpyConfigurations'];

test('every command is registered and documented', () => {
    for (const command of commands) {
        assert.ok(sources.includes(`'${command}':`), `${command} is not registered`);
        assert.ok(document.includes(`\`${command}\``), `${command} is not in docs/vscode.md`);
    }
});

test('the walkthrough says nothing in marks that VS Code shows as they are', () => {
    for (const { steps } of manifest.contributes.walkthroughs) {
        for (const { description } of steps) {
            assert.doesNotMatch(description, /[`*_]/);
        }
    }
});

test('a button of a step of the walkthrough that does it completes it, but for what a doctor has to find sound', () => {
    for (const { steps } of manifest.contributes.walkthroughs) {
        for (const { id, description, completionEvents } of steps) {
            if (id === 'server') {
                assert.deepEqual(completionEvents, ['onContext:cwm.sound']);
                assert.ok(sources.includes("'cwm.sound'"));
                continue;
            }
            const [, command] = /\(command:([\w.]+)/.exec(description) ?? [];
            assert.ok(completionEvents.includes(`onCommand:${command}`), `${id} is not completed by ${command}`);
        }
    }
});

test('no command of ours takes the name of one that the server registers', () => {
    const served = [...read('cwm_lsp/lsp/extension.py').matchAll(/^ {4}\w+ = "(cwm\.\w+)"/gm)].map((found) => found[1]);
    assert.ok(served.includes('cwm.compare'));
    assert.deepEqual(commands.filter((command) => served.includes(command)), []);
});

test('every setting is documented with its default, and reaches the server or the editor', () => {
    const passed = new Set<string>();
    serverOptions((name) => passed.add(`cwm.${name}`), true, '');
    for (const [name, one] of Object.entries<any>(settings)) {
        assert.ok(document.includes(`\`${name}\``), `${name} is not in docs/vscode.md`);
        assert.ok(one.markdownDescription && one.scope, `${name} lacks a description or a scope`);
        assert.ok(passed.has(name) || EDITORS_OWN.includes(name), `${name} is read by nobody`);
        assert.ok(document.includes(`\`${one.default === '' ? 'cwm' : one.default}`), `${name}: its default is not documented`);
    }
    assert.deepEqual([...passed].filter((name) => !(name in settings)), []);
});

test('settings that only the editor knows are read by it', () => {
    for (const name of EDITORS_OWN.filter((one) => one !== 'cwm.trace.server')) {
        assert.ok(sources.includes(`'${name.slice('cwm.'.length)}'`), name);
    }
});

test('defaults are those of the server', () => {
    const document = read('docs/editors.md');
    for (const name of ['maxEvents', 'maxBytes', 'maxDepth', 'threads', 'backend']) {
        assert.ok(document.includes(`| \`${name}\` | \`${settings[`cwm.${name}`].default}\``), name);
    }
});

test('a workspace that is not trusted sets nothing that chooses a program or a server', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    for (const name of ['cwm.path', 'cwm.package', 'cwm.python', 'cwm.backend', 'cwm.model', 'cwm.endpoint']) {
        assert.ok(restrictedConfigurations.includes(name), name);
    }
});

test('colours in use are declared with high contrast', () => {
    const declared = manifest.contributes.colors.map(({ id }: { id: string }) => id);
    for (const tone of ['observed', 'agrees', 'differs', 'predicted', 'dimmed']) {
        assert.ok(declared.includes(`cwm.${tone}`), tone);
    }
    for (const { id, defaults } of manifest.contributes.colors) {
        assert.ok(defaults.highContrast && defaults.highContrastLight, id);
    }
});

test('the walkthrough has five steps, whose commands and pages exist', () => {
    const [{ steps }] = manifest.contributes.walkthroughs;
    assert.equal(steps.length, 5);
    for (const step of steps) {
        assert.ok(readFileSync(path.join(extension, step.media.markdown), 'utf8').startsWith('# '));
        for (const [, command] of step.description.matchAll(/\(command:(cwm\.\w+)\)/g)) {
            assert.ok(commands.includes(command), command);
        }
    }
});
