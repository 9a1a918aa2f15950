// Which call a command is about: the function at the cursor with inputs that the server knows, or typed ones.

import * as vscode from 'vscode';
import { type CallArgument, callsOf, callText, functionAt, type Lens, typedCall } from './calls.ts';
import type { Server } from './server.ts';

interface Choice extends vscode.QuickPickItem {
    call?: CallArgument;
}

/** Asks only where there is more than one answer. `undefined` where the user left, or there is no function. */
export async function chooseCall(server: Server, command: string, verb: string): Promise<CallArgument | undefined> {
    const editor = vscode.window.activeTextEditor;
    const client = await server.ready();
    if (editor === undefined || client === undefined) {
        return undefined;
    }
    const { document } = editor;
    const uri = client.code2ProtocolConverter.asUri(document.uri);
    const lenses = await client.sendRequest<Lens[] | null>('textDocument/codeLens', { textDocument: { uri } });
    const name = functionAt(document.getText().split(/\r?\n/), editor.selection.active.line);
    const known = callsOf(lenses ?? [], command, name);
    if (name === undefined && known.length === 0) {
        void vscode.window.showInformationMessage('Put the cursor into a function of this module first.');
        return undefined;
    }
    if (name !== undefined && known.length === 0) {
        return await ask(uri, name);
    }
    if (known.length === 1 && name !== undefined) {
        return known[0];
    }
    const choices: Choice[] = known.map((call) => ({ label: callText(call), call }));
    if (name !== undefined) {
        choices.push({ label: '$(edit) Other inputs…' });
    }
    const chosen = await vscode.window.showQuickPick(choices, { title: `CWM: ${verb}`, placeHolder: 'Choose a call' });
    if (chosen === undefined || name === undefined) {
        return chosen?.call;
    }
    return chosen.call ?? (await ask(uri, name));
}

async function ask(uri: string, name: string): Promise<CallArgument | undefined> {
    const typed = await vscode.window.showInputBox({
        title: `CWM: ${name}`,
        prompt: 'The text between the parentheses. A doctest or a comment `# cwm:` keeps it for the next time.',
        placeHolder: '[4, 9, 2, 7], floor=3',
    });
    return typed === undefined ? undefined : typedCall(uri, name, typed);
}
