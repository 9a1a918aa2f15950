// Finding a cwm-lsp that runs. A candidate counts only if it answers `--version`.

import { execFile } from 'node:child_process';
import * as path from 'node:path';

/** A command line that is cwm-lsp once a subcommand follows. `why` ends the sentence "found ...". */
export interface Program {
    command: string;
    args: string[];
    why: string;
}

/** What the editor knows. In an untrusted workspace `folders` are not looked into. */
export interface Surroundings {
    setting: string;
    folders: string[];
    trusted: boolean;
    interpreter: string;
    platform: NodeJS.Platform;
}

export interface Found {
    program: Program;
    version: string;
}

/** A candidate that did not answer, with what it said instead. */
export interface Refused {
    program: Program;
    reason: string;
}

const PROBE_MS = 20_000;
const VERSION = /\bcwm-lsp\b.*?(\d+\.\d+\S*)/;

/** Where cwm-lsp may be, the likeliest first. A setting is final: with one, nothing else is tried. */
export function candidates(around: Surroundings): Program[] {
    if (around.setting !== '') {
        return [named(around.setting, around.folders[0])];
    }
    const found: Program[] = [];
    if (around.trusted) {
        for (const folder of around.folders) {
            for (const name of ['.venv', 'venv']) {
                const command = inEnvironment(path.join(folder, name), around.platform);
                found.push({ command, args: [], why: `in ${path.join(folder, name)}` });
            }
        }
    }
    if (around.interpreter !== '') {
        const why = 'in the interpreter that the Python extension chose';
        found.push({ command: around.interpreter, args: ['-m', 'cwm_lsp'], why });
    }
    found.push({ command: 'cwm-lsp', args: [], why: 'on PATH' });
    return found;
}

/** The first candidate that answers, or why each did not. */
export async function locate(around: Surroundings): Promise<Found | Refused[]> {
    const refused: Refused[] = [];
    for (const program of candidates(around)) {
        const answer = await probe(program);
        if (typeof answer === 'string') {
            return { program, version: answer };
        }
        refused.push({ program, reason: answer.reason });
    }
    return refused;
}

/** The version that a program answers, or the reason why it is not cwm-lsp. */
export async function probe(program: Program): Promise<string | { reason: string }> {
    return await new Promise((resolve) => {
        const args = [...program.args, '--version'];
        execFile(program.command, args, { timeout: PROBE_MS, windowsHide: true }, (error, stdout, stderr) => {
            if (error !== null) {
                resolve({ reason: error.code === 'ENOENT' ? 'is not there' : lastLine(stderr) || error.message });
                return;
            }
            const version = VERSION.exec(stdout)?.[1];
            resolve(version ?? { reason: `answered ${JSON.stringify(lastLine(stdout))} to --version` });
        });
    });
}

/** A program as one would type it, for messages and logs. */
export function commandLine(program: Program): string {
    return [program.command, ...program.args].map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ');
}

function named(setting: string, folder: string | undefined): Program {
    const home = process.env['HOME'] ?? process.env['USERPROFILE'] ?? '~';
    let command = setting.replace(/^~(?=[/\\]|$)/, home);
    if (folder !== undefined) {
        command = command.replace('${workspaceFolder}', folder);
    }
    const isPython = /^python[\d.]*(\.exe)?$/i.test(path.win32.basename(command));
    return { command, args: isPython ? ['-m', 'cwm_lsp'] : [], why: 'by the setting cwm.path' };
}

function inEnvironment(folder: string, platform: NodeJS.Platform): string {
    return platform === 'win32'
        ? path.win32.join(folder, 'Scripts', 'cwm-lsp.exe')
        : path.join(folder, 'bin', 'cwm-lsp');
}

function lastLine(text: string): string {
    return text.trim().split('\n').at(-1)?.trim() ?? '';
}
