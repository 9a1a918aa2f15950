// Where the parts are joined. Nothing is run before the user chooses a command.

import * as vscode from 'vscode';
import { registerCommands } from './commands.ts';
import { environmentFolder } from './environment.ts';
import { hasAdapter, registerDebugging } from './debug.ts';
import { RESTARTING } from './options.ts';
import { Painter } from './painter.ts';
import { onInterpreterChange } from './pythonExtension.ts';
import { Server } from './server.ts';
import { Sessions } from './sessions.ts';
import { StatusItem } from './statusItem.ts';
import { modelOf } from './statusText.ts';
import { installed } from './walkthrough.ts';
import { WorldView } from './worldView.ts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const log = vscode.window.createOutputChannel('CWM', { log: true });
    const painter = new Painter(context);
    const server = new Server(log, environmentFolder(context));
    const sessions = new Sessions(painter);
    const status = new StatusItem();
    const follow = (): void => followEditor(painter, status);
    context.subscriptions.push(log, painter, server, status, sessions, new WorldView(painter, sessions, context.globalState));
    context.subscriptions.push(
        server.onStates((params) => painter.take(params)),
        server.onChange(({ state, detail, trouble }) => {
            status.update({ state, detail, version: server.found?.version ?? '', ...(trouble === undefined ? {} : { trouble }) });
            setContext('cwm.serverRunning', state === 'ready' || state === 'working');
            setContext('cwm.working', state === 'working');
            if (state === 'off' || state === 'failed' || state === 'missing') {
                painter.clear();
            }
        }),
        painter.onChange(follow),
        sessions.onChange(() => setContext('cwm.stopped', sessions.stopped !== undefined)),
        vscode.window.onDidChangeActiveTextEditor(follow),
        vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
        vscode.workspace.onDidChangeConfiguration(async (event) => {
            if (RESTARTING.some((name) => event.affectsConfiguration(name))) {
                await server.restart();
            } else if (event.affectsConfiguration('cwm')) {
                await server.configure();
            }
            if (event.affectsConfiguration('cwm')) {
                await refresh(server, status);
            }
        }),
        ...registerCommands({ context, log, painter, server, sessions, status, refresh: () => refresh(server, status) }),
        ...registerDebugging(server),
    );
    setContext('cwm.active', true);
    follow();
    context.subscriptions.push(await onInterpreterChange(() => void server.restart()));
    await server.restart();
    await refresh(server, status);
}

/** Backend and model for the status item; and whether this cwm-lsp can debug. */
async function refresh(server: Server, status: StatusItem): Promise<void> {
    const shown = vscode.workspace.getConfiguration('cwm').get<boolean>('show.all', true);
    status.update({ shown });
    if (server.found !== undefined) {
        setContext('cwm.canDebug', await hasAdapter(server.found.program));
        const { report, sound } = await server.doctor('--json');
        status.update(modelOf(report));
        if (sound) {
            await installed();
        }
    }
}

function followEditor(painter: Painter, status: StatusItem): void {
    const params = painter.of(vscode.window.activeTextEditor?.document);
    status.update({ summary: params?.summary ?? '' });
    setContext('cwm.hasValues', !painter.isEmpty);
    setContext('cwm.hasValuesHere', params !== undefined);
    setContext('cwm.hasDivergence', (params?.divergences.length ?? 0) > 0);
}

function setContext(name: string, value: boolean): void {
    void vscode.commands.executeCommand('setContext', name, value);
}
