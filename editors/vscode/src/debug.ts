// The debug type `cwm`: its adapter is `cwm-lsp dap` over stdio.

import { execFile } from 'node:child_process';
import * as vscode from 'vscode';
import { adopted, type Configuration, forFile, forGhost, isGhost, isOfEditor, resolved } from './debugging.ts';
import { chooseCall } from './chooseCall.ts';
import type { Program } from './locate.ts';
import { interpreterOf } from './pythonExtension.ts';
import { folder, type Server } from './server.ts';

/** Register what makes F5 work on a Python file, with a launch.json and without. */
export function registerDebugging(server: Server): vscode.Disposable[] {
    const provider = new Provider(server);
    const wrapper: vscode.DebugConfigurationProvider = { resolveDebugConfiguration: (_, config) => wrapped(config) };
    const { Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
    return [
        vscode.debug.registerDebugConfigurationProvider('cwm', provider),
        vscode.debug.registerDebugConfigurationProvider('cwm', provider, Dynamic),
        vscode.debug.registerDebugConfigurationProvider('debugpy', wrapper),
        vscode.debug.registerDebugConfigurationProvider('python', wrapper),
        vscode.debug.registerDebugAdapterDescriptorFactory('cwm', {
            createDebugAdapterDescriptor: async (session) => await adapter(server, isGhost(session.configuration)),
        }),
    ];
}

/** Debug the file in the editor. */
export async function debugFile(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document !== undefined) {
        await document.save();
        await vscode.debug.startDebugging(folderOf(document.uri), forFile(document.uri.fsPath));
    }
}

/** Step through a prediction of the function at the cursor. */
export async function ghostFunction(server: Server): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const call = await chooseCall(server, 'cwm.predict', 'Step through a prediction of');
    if (document !== undefined && call !== undefined) {
        await document.save();
        await vscode.debug.startDebugging(folderOf(document.uri), forGhost(call, document.uri.fsPath));
    }
}

/** Whether this cwm-lsp has the debug adapter. */
export async function hasAdapter(program: Program): Promise<boolean> {
    return await new Promise((resolve) => {
        const args = [...program.args, 'dap', '--help'];
        execFile(program.command, args, { timeout: 20_000, windowsHide: true }, (error) => resolve(error === null));
    });
}

class Provider implements vscode.DebugConfigurationProvider {
    private readonly server: Server;

    constructor(server: Server) {
        this.server = server;
    }

    provideDebugConfigurations(): vscode.DebugConfiguration[] {
        return [forFile()];
    }

    async resolveDebugConfiguration(
        target: vscode.WorkspaceFolder | undefined, given: Partial<vscode.DebugConfiguration>,
    ): Promise<vscode.DebugConfiguration | undefined> {
        const document = vscode.window.activeTextEditor?.document;
        const uri = document?.uri ?? target?.uri;
        const setting = vscode.workspace.getConfiguration('cwm').get<string>('python', '');
        const own = uri === undefined ? undefined : folderOf(uri);
        // VS Code remembers the folder in which the file in the editor was debugged last; it may be in another.
        const inside = isOfEditor(given) ? own : target ?? own;
        const python = setting || (await interpreterOf(uri));
        const config = resolved(given as Partial<Configuration>, python, document?.getText(), inside?.uri.fsPath);
        if (!isGhost(config)) {
            return vscode.workspace.isTrusted ? config : refused();
        }
        if (config['function'] !== undefined) {
            return config;
        }
        const call = await chooseCall(this.server, 'cwm.predict', 'Step through a prediction of');
        return call === undefined ? undefined : { ...config, function: call.function, arguments: call.arguments };
    }
}

function refused(): undefined {
    void vscode.window.showWarningMessage('CWM runs no code of an untrusted workspace.');
    return undefined;
}

function wrapped(config: vscode.DebugConfiguration): vscode.DebugConfiguration {
    const wanted = vscode.workspace.getConfiguration('cwm').get<boolean>('debug.debugpyConfigurations', false);
    return wanted ? adopted(config as Configuration) : config;
}

/** A session of a ghost is served as such from the start: VS Code asks for the kinds of exceptions only then. */
async function adapter(server: Server, ghost: boolean): Promise<vscode.DebugAdapterDescriptor> {
    const program = (server.found ?? (await server.locate()))?.program;
    if (program === undefined) {
        throw new Error('The program cwm-lsp was not found. Install it into this project, or set cwm.path.');
    }
    const cwd = folder();
    const options = cwd === undefined ? {} : { cwd };
    return new vscode.DebugAdapterExecutable(program.command, [...program.args, 'dap', ...(ghost ? ['--ghost'] : [])], options);
}

function folderOf(uri: vscode.Uri): vscode.WorkspaceFolder | undefined {
    return vscode.workspace.getWorkspaceFolder(uri);
}
