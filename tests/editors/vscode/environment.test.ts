// The environment that the extension makes when it is told to: its very steps, run in a folder of their own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { environmentProgram, installCommands, probe } from '../../../editors/vscode/src/locate.ts';

const root = path.resolve(import.meta.dirname, '../../..');

test('what was agreed to is run, and the program that it leaves answers', async () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'cwm environment '));
    const folder = path.join(scratch, 'own');
    try {
        for (const { command, args } of installCommands(process.env['CWM_PYTHON'] ?? 'python3', folder, root, process.platform)) {
            execFileSync(command, args, { stdio: 'pipe' });
        }
        const command = environmentProgram(folder, process.platform);
        assert.match(String(await probe({ command, args: [], why: '' })), /^\d+\.\d+/);
    } finally {
        rmSync(scratch, { recursive: true });
    }
});
