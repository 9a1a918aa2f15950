// Which call a command is about: the function at the cursor with inputs that the server knows, or typed ones.

import * as vscode from 'vscode';
import { type CallArgument, callsOf, callText, functionAt, type Header, type Lens, typedCall } from './calls.ts';
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
    const around = functionAt(document.getText().split(/\r?\n/), editor.selection.active.line);
    const known = callsOf(lenses ?? [], command, around?.name);
    if (around === undefined && known.length === 0) {
        void vscode.window.showInformationMessage('Put the cursor into a function of this module first.');
        return undefined;
    }
    if (around !== undefined && known.length === 0) {
        return around.parameters === '' ? typedCall(uri, around.name, '') : await ask(uri, around);
    }
    if (known.length === 1 && around !== undefined) {
        return known[0];
    }
    const choices: Choice[] = known.map((call) => ({ label: callText(call), call }));
    if (around !== undefined) {
        choices.push({ label: '$(edit) Other inputs…' });
    }
    const chosen = await vscode.window.showQuickPick(choices, { title: `CWM: ${verb}`, placeHolder: 'Choose a call' });
    if (chosen === undefined || around === undefined) {
        return chosen?.call;
    }
    return chosen.call ?? (await ask(uri, around));
}

async function ask(uri: string, { name, parameters }: Header): Promise<CallArgument | undefined> {
    const owner = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const example = owner === '' ? '[4, 9], text="a"' : `${owner}(…)${name.slice(owner.length)}(…)`;
    const what = owner === '' ? 'The text between the parentheses' : `The call, as ${example}`;
    const typed = await vscode.window.showInputBox({
        title: `CWM: ${name}(${parameters})`,
        prompt: `${what}, in Python. A doctest or a comment "# cwm: ${name}(…)" keeps it for the next time.`,
        placeHolder: owner === '' ? parameters : example,
    });
    return typed === undefined ? undefined : typedCall(uri, name, typed);
}
