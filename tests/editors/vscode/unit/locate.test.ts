import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
    basePythons, candidates, commandLine, installCommands, locate, probe, type Program, type Surroundings,
} from '../../../../editors/vscode/src/locate.ts';

const around = (more: Partial<Surroundings> = {}): Surroundings =>
    ({ setting: '', folders: ['/shop'], trusted: true, interpreter: '', own: '', platform: 'linux', ...more });

/** Command lines in the order in which they are tried. */
const tried = (more: Partial<Surroundings>): string[] => candidates(around(more)).map(commandLine);

const node = (script: string): Program => ({ command: process.execPath, args: ['-e', script, '--'], why: 'here' });

test('the project comes before the Python extension, PATH comes last', () => {
    assert.deepEqual(tried({ interpreter: '/usr/bin/python3' }), [
        '/shop/.venv/bin/cwm-lsp', '/shop/venv/bin/cwm-lsp', '/usr/bin/python3 -m cwm_lsp', 'cwm-lsp',
    ]);
});

test("the extension's own environment comes last of all", () => {
    assert.deepEqual(tried({ own: '/store/environment' }).slice(-2), ['cwm-lsp', '/store/environment/bin/cwm-lsp']);
});

test('an environment is made by venv, and pip of that environment installs into it', () => {
    const [make, install] = installCommands('/usr/bin/python3', '/store/environment', '/my clone', 'linux');
    assert.deepEqual([make?.command, ...(make?.args ?? [])], ['/usr/bin/python3', '-m', 'venv', '--clear', '/store/environment']);
    assert.equal(install?.command, '/store/environment/bin/python');
    assert.equal(install?.args.at(-1), '/my clone');
    assert.ok(basePythons('linux').includes('python3'));
});

test('an untrusted workspace chooses no program', () => {
    assert.deepEqual(tried({ trusted: false }), ['cwm-lsp']);
});

test('a setting is final, and may name a Python', () => {
    assert.deepEqual(tried({ setting: '/opt/cwm-lsp' }), ['/opt/cwm-lsp']);
    assert.deepEqual(tried({ setting: '/opt/python3.12' }), ['/opt/python3.12 -m cwm_lsp']);
    assert.deepEqual(tried({ setting: 'C:\\Py\\python.exe' }), ['C:\\Py\\python.exe -m cwm_lsp']);
    assert.deepEqual(tried({ setting: '${workspaceFolder}/bin/cwm-lsp' }), ['/shop/bin/cwm-lsp']);
});

test('on Windows an environment keeps its programs in Scripts', () => {
    assert.match(tried({ platform: 'win32' })[0] ?? '', /Scripts\\cwm-lsp\.exe$/);
});

test('a command line with blanks is quoted', () => {
    assert.equal(commandLine({ command: '/my tools/cwm-lsp', args: [], why: '' }), '"/my tools/cwm-lsp"');
});

test('only what answers as cwm-lsp counts', async () => {
    assert.equal(await probe(node('console.log("cwm-lsp 0.1.0")')), '0.1.0');
    assert.deepEqual(await probe(node('console.log("Python 3.12")')), { reason: 'answered "Python 3.12" to --version' });
    assert.deepEqual(await probe({ command: '/no/such', args: [], why: '' }), { reason: 'is not there' });
    assert.deepEqual(
        await probe(node('console.error("No module named cwm_lsp"); process.exit(1)')),
        { reason: 'No module named cwm_lsp' },
    );
});

test('the first that answers is taken; where none does, each says why', { skip: process.platform === 'win32' }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cwm locate '));
    try {
        const program = path.join(folder, 'venv', 'bin', 'cwm-lsp');
        mkdirSync(path.dirname(program), { recursive: true });
        writeFileSync(program, '#!/bin/sh\necho cwm-lsp 1.2.3\n');
        chmodSync(program, 0o755);
        const found = await locate(around({ folders: [folder] }));
        assert.ok(!Array.isArray(found));
        assert.deepEqual([found.version, found.program.command], ['1.2.3', program]);
        const refused = await locate(around({ setting: path.join(folder, 'gone') }));
        assert.ok(Array.isArray(refused));
        assert.deepEqual(refused.map(({ reason }) => reason), ['is not there']);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
