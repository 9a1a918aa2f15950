// The commands of the palette. Those that lenses run are the server's own, registered by the language client.

import * as path from 'node:path';
import * as vscode from 'vscode';
import { chooseCall } from './chooseCall.ts';
import { debugFile, ghostFunction } from './debug.ts';
import { createEnvironment } from './environment.ts';
import { findFix, shouldBe } from './fixing.ts';
import type { RepairArgument, ShouldBeArgument } from './fixes.ts';
import { openFutures, whatIf } from './futures.ts';
import type { Painter } from './painter.ts';
import { pythonEditor, show } from './pythonEditor.ts';
import type { Server } from './server.ts';
import type { Sessions } from './sessions.ts';
import type { StatusItem } from './statusItem.ts';
import { openTrace } from './tracePage.ts';
import { chooseVisit } from './visits.ts';
import { installed, openWalkthrough } from './walkthrough.ts';
import type { Row } from './world.ts';

/** What commands work on. */
export interface Parts {
    context: vscode.ExtensionContext;
    log: vscode.LogOutputChannel;
    painter: Painter;
    server: Server;
    sessions: Sessions;
    status: StatusItem;
    /** Ask anew which model predicts, and what is wrong with it. */
    refresh: () => Promise<void>;
}

/** Register them all. */
export function registerCommands(parts: Parts): vscode.Disposable[] {
    const { context, log, painter, server, sessions, status } = parts;
    const handlers: Record<string, (argument: never) => unknown> = {
        'cwm.compareFunction': async () => {
            await pythonEditor(() => openSample(context));
            await run(server, 'cwm.compare', 'Compare');
        },
        'cwm.predictFunction': () => run(server, 'cwm.predict', 'Predict'),
        'cwm.recordFunction': () => run(server, 'cwm.record', 'Record', 'cwm.compare'),
        'cwm.findFix': (argument?: RepairArgument) => findFix(server, argument),
        'cwm.shouldBe': (argument?: ShouldBeArgument) => said(server, argument),
        'cwm.chooseVisit': (row?: Row) => chooseVisit(server, row?.line),
        'cwm.copyValues': (at?: Row) => copyValues(painter, at?.line),
        'cwm.openTrace': () => openTrace(server),
        'cwm.whatIf': (row?: Row) => whatIf(server, sessions, row),
        'cwm.openFutures': (row?: Row) => openFutures(server, sessions, row),
        'cwm.createEnvironment': () => createEnvironment(context, server, log),
        'cwm.ghostFunction': () => ghostFunction(server),
        'cwm.debugFile': () => debugFile(),
        'cwm.clearFile': () => clearFile(),
        'cwm.clearAll': () => vscode.commands.executeCommand('cwm.clear'),
        'cwm.goToDivergence': async () => {
            await pythonEditor(async () => {});
            goToDivergence(painter);
        },
        'cwm.toggleValues': () => toggleValues(),
        'cwm.restartServer': () => restart(parts),
        'cwm.showLog': () => log.show(),
        'cwm.doctor': () => doctor(parts),
        'cwm.choosePath': () => choosePath(),
        'cwm.openSample': () => openSample(context),
        'cwm.openWalkthrough': () => openWalkthrough(context, server),
        'cwm.menu': () => menu(painter, status),
    };
    return Object.entries(handlers).map(([name, handler]) => vscode.commands.registerCommand(name, handler));
}

async function run(server: Server, command: string, verb: string, lens = command): Promise<void> {
    const call = await chooseCall(server, lens, verb);
    if (call !== undefined) {
        await vscode.commands.executeCommand(command, call);
    }
}

/** Without a call, what the function at the cursor gave is taken from the server's own lenses. */
async function said(server: Server, given?: ShouldBeArgument): Promise<void> {
    const call = given ?? (await chooseCall(server, 'cwm.shouldBe', 'Should be')) as ShouldBeArgument | undefined;
    if (call?.observed !== undefined) {
        await shouldBe(server, call);
    } else if (call !== undefined) {
        void vscode.window.showInformationMessage('Record or compare the function first, then say what it should have given.');
    }
}

/** Of a line, the cursor's if none is given. */
async function copyValues(painter: Painter, line?: number): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const words = editor === undefined ? [] : painter.wordsAt(editor.document, line ?? editor.selection.active.line);
    if (words.length === 0) {
        void vscode.window.showInformationMessage('This line shows no values.');
        return;
    }
    await vscode.env.clipboard.writeText(words.join('\n'));
    vscode.window.setStatusBarMessage('$(copy) CWM: the values of the line were copied', 3000);
}

async function clearFile(): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri.toString();
    if (uri !== undefined) {
        await vscode.commands.executeCommand('cwm.clear', { uri });
    }
}

function goToDivergence(painter: Painter): void {
    const editor = vscode.window.activeTextEditor;
    const found = painter.of(editor?.document)?.divergences[0];
    if (editor === undefined || found === undefined) {
        void vscode.window.showInformationMessage('The run went as predicted, or nothing has been compared here.');
        return;
    }
    const at = new vscode.Position(found.at.line, found.at.character);
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

async function toggleValues(): Promise<void> {
    const settings = vscode.workspace.getConfiguration('cwm');
    const held = settings.inspect<boolean>('show.all');
    const target = held?.workspaceValue === undefined
        ? vscode.ConfigurationTarget.Global
        : vscode.ConfigurationTarget.Workspace;
    await settings.update('show.all', !settings.get<boolean>('show.all', true), target);
}

async function doctor({ log, server }: Parts): Promise<void> {
    const { report, sound } = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: 'CWM: doctor' },
        async () => await server.doctor(),
    );
    if (report !== '') {
        log.info(`doctor\n${report}`);
        log.show();
    }
    if (sound) {
        await installed();
    }
}

async function choosePath(): Promise<void> {
    const chosen = await vscode.window.showOpenDialog({
        title: 'The program cwm-lsp, or a Python that has it installed',
        openLabel: 'Use This Program',
    });
    if (chosen?.[0] !== undefined) {
        const settings = vscode.workspace.getConfiguration('cwm');
        await settings.update('path', chosen[0].fsPath, vscode.ConfigurationTarget.Global);
    }
}

/** A copy, so that the reader can edit it. */
async function openSample(context: vscode.ExtensionContext): Promise<void> {
    const target = vscode.Uri.joinPath(context.globalStorageUri, 'sample', 'scores.py');
    const source = vscode.Uri.joinPath(context.extensionUri, 'dist', 'sample', 'scores.py');
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(path.dirname(target.fsPath)));
    await vscode.workspace.fs.copy(source, target, { overwrite: true });
    await show(target);
}

async function restart({ server, refresh }: Parts): Promise<void> {
    await server.restart();
    await refresh();
}

async function menu(painter: Painter, status: StatusItem): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const file = document?.languageId === 'python' && document.uri.scheme === 'file';
    const shown = painter.of(document);
    const here = shown !== undefined;
    const entries: [string, string, boolean][] = [
        [`$(warning) ${status.trouble}`, 'cwm.doctor', status.trouble !== ''],
        ['$(git-compare) Compare function with a run', 'cwm.compareFunction', file && vscode.workspace.isTrusted],
        ['$(lightbulb) Predict function', 'cwm.predictFunction', file],
        ['$(wrench) Find a fix', 'cwm.findFix', file && vscode.workspace.isTrusted],
        ['$(list-tree) Open trace page', 'cwm.openTrace', here],
        ['$(debug-breakpoint-log) Go to first divergence', 'cwm.goToDivergence', here && shown.divergences.length > 0],
        ['$(clear-all) Clear all values', 'cwm.clearAll', !painter.isEmpty],
        ['$(eye) Turn everything on or off', 'cwm.toggleValues', true],
        ['$(gear) Settings', 'workbench.action.openSettings', true],
        ['$(pulse) Run doctor', 'cwm.doctor', true],
        ['$(debug-restart) Restart server', 'cwm.restartServer', true],
        ['$(output) Show log', 'cwm.showLog', true],
        ['$(book) Walkthrough', 'cwm.openWalkthrough', true],
    ];
    const items = entries.filter(([, , when]) => when).map(([label, command]) => ({ label, command }));
    const chosen = await vscode.window.showQuickPick(items, { title: 'CWM' });
    if (chosen !== undefined) {
        await vscode.commands.executeCommand(chosen.command, ...(chosen.command.endsWith('Settings') ? ['cwm.'] : []));
    }
}
