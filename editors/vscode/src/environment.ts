// An environment of the extension's own with cwm-lsp in it, made when the user has said so.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { interpreterOf } from './pythonExtension.ts';
import type { Server } from './server.ts';
import { basePythons, environmentProgram, installCommands } from './locate.ts';

/** The folder that it is made in: one for all workspaces. */
export function environmentFolder(context: vscode.ExtensionContext): string {
    return path.join(context.globalStorageUri.fsPath, 'environment');
}

/** Ask, make it, install into it, and start the server from it. */
export async function createEnvironment(context: vscode.ExtensionContext, server: Server, log: vscode.LogOutputChannel): Promise<void> {
    const folder = environmentFolder(context);
    const looked = basePython(); // it runs each Python that it finds, which must not keep the question
    const source = await vscode.window.showInputBox({
        title: 'CWM: what is to be installed',
        prompt: 'What pip installs: a clone of cwm-lsp, a wheel, or a name in your package index.',
        value: vscode.workspace.getConfiguration('cwm').get<string>('package', 'cwm-lsp'),
    });
    const python = source?.trim() ? await looked : undefined;
    if (source === undefined || python === undefined) {
        return;
    }
    const [create, pick] = ['Create', 'Choose a Folder…'];
    const detail = `${python} makes an environment in\n${folder}\nand pip installs ${source} into it, from your package index. Nothing else is changed.`;
    const answer = await vscode.window.showInformationMessage('Create a Python environment for CWM?', { modal: true, detail }, create, pick);
    const from = answer === pick ? await cloneFolder() : source.trim();
    if (answer === undefined || from === undefined) {
        return;
    }
    const done = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: 'CWM: setting up', cancellable: true },
        async (progress, token) => {
            for (const step of installCommands(python, folder, from, process.platform)) {
                progress.report({ message: step.words });
                if (!(await run(step.command, step.args, log, token))) {
                    return false;
                }
            }
            return true;
        },
    );
    if (done && existsSync(environmentProgram(folder, process.platform))) {
        await server.restart();
    }
}

async function basePython(): Promise<string | undefined> {
    const chosen = await interpreterOf();
    for (const python of [...(chosen === '' ? [] : [chosen]), ...basePythons(process.platform)]) {
        if (await suits(python)) {
            return python;
        }
    }
    void vscode.window.showErrorMessage('No Python 3.11 or later was found on PATH. Install one, then try again.');
    return undefined;
}

async function suits(python: string): Promise<boolean> {
    const code = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
    return await new Promise((resolve) => {
        execFile(python, ['-c', code], { timeout: 20_000, windowsHide: true }, (error) => resolve(error === null));
    });
}

async function cloneFolder(): Promise<string | undefined> {
    const found = await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: 'Install This Clone' });
    return found?.[0]?.fsPath;
}

/** Run a step with its output in the log; whether it went well. What went wrong is told. */
async function run(command: string, args: string[], log: vscode.LogOutputChannel, token: vscode.CancellationToken): Promise<boolean> {
    return await new Promise((resolve) => {
        const child = execFile(command, args, { windowsHide: true, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
            log.info([`$ ${[command, ...args].join(' ')}`, stdout, stderr].join('\n'));
            if (error !== null && !token.isCancellationRequested) {
                const reason = stderr.trim().split('\n').at(-1) ?? error.message;
                void vscode.window.showErrorMessage(`The environment was not made: ${reason}`, 'Show Log').then((chosen) => {
                    if (chosen !== undefined) {
                        log.show();
                    }
                });
            }
            resolve(error === null);
        });
        token.onCancellationRequested(() => child.kill());
    });
}
