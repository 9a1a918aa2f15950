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
    /** The environment of the extension's own, which need not be there. */
    own: string;
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
                const command = environmentProgram(path.join(folder, name), around.platform);
                found.push({ command, args: [], why: `in ${path.join(folder, name)}` });
            }
        }
    }
    if (around.interpreter !== '') {
        const why = 'in the interpreter that the Python extension chose';
        found.push({ command: around.interpreter, args: ['-m', 'cwm_lsp'], why });
    }
    found.push({ command: 'cwm-lsp', args: [], why: 'on PATH' });
    if (around.own !== '') {
        const command = environmentProgram(around.own, around.platform);
        found.push({ command, args: [], why: "in the extension's own environment" });
    }
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

/** The program cwm-lsp of an environment. */
export function environmentProgram(folder: string, platform: NodeJS.Platform): string {
    return inEnvironment(folder, 'cwm-lsp', platform);
}

/** Commands that may be a Python to make an environment with, the newest that is well tried first. */
export function basePythons(platform: NodeJS.Platform): string[] {
    const versions = ['3.13', '3.12', '3.11'].map((version) => `python${version}`);
    return platform === 'win32' ? ['python', 'py', ...versions] : [...versions, 'python3', 'python'];
}

/** A step of making an environment, and what to call it. */
export interface Step {
    words: string;
    command: string;
    args: string[];
}

/** What makes an environment in `folder` with cwm-lsp from `source` in it: a name, a wheel or a clone. */
export function installCommands(python: string, folder: string, source: string, platform: NodeJS.Platform): Step[] {
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--no-input', source];
    return [
        { words: 'making the environment', command: python, args: ['-m', 'venv', '--clear', folder] },
        { words: 'installing cwm-lsp', command: inEnvironment(folder, 'python', platform), args: pip },
    ];
}

function inEnvironment(folder: string, program: string, platform: NodeJS.Platform): string {
    return platform === 'win32'
        ? path.win32.join(folder, 'Scripts', `${program}.exe`)
        : path.join(folder, 'bin', program);
}

function lastLine(text: string): string {
    return text.trim().split('\n').at(-1)?.trim() ?? '';
}
