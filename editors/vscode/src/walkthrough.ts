// The walkthrough, and the one of its steps that is done by what a doctor finds.

import * as vscode from 'vscode';
import type { Server } from './server.ts';

/** Open it. What the doctor finds is asked for then. */
export async function openWalkthrough(context: vscode.ExtensionContext, server: Server): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#start`, false);
    if (server.found !== undefined && (await server.doctor('--json')).sound) {
        await installed();
    }
}

/**
 * The step that installs is done: the doctor finds nothing wrong. The context holds for a moment alone: VS Code
 * takes no notice of one that held before it read the walkthrough, however often it comes again.
 */
export async function installed(): Promise<void> {
    for (const value of [true, false]) {
        await vscode.commands.executeCommand('setContext', 'cwm.sound', value);
    }
}
