// The Python file that a command is about, where the walkthrough stands in front of it.

import * as vscode from 'vscode';

/** Have a Python file active: the one that is, one that can be seen, one that is open, else what `otherwise` opens. */
export async function pythonEditor(otherwise: () => Promise<void>): Promise<void> {
    const python = (editor: vscode.TextEditor | undefined): boolean => editor?.document.languageId === 'python';
    if (python(vscode.window.activeTextEditor)) {
        return;
    }
    const seen = vscode.window.visibleTextEditors.find(python);
    const hidden = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ input }) => isPython(input));
    if (seen !== undefined) {
        await vscode.window.showTextDocument(seen.document, seen.viewColumn);
    } else if (hidden !== undefined) {
        await show((hidden.input as vscode.TabInputText).uri);
    } else {
        await otherwise();
    }
}

/** Show a file, beside a walkthrough that is read. */
export async function show(uri: vscode.Uri): Promise<vscode.TextEditor> {
    const read = vscode.window.activeTextEditor === undefined && vscode.window.tabGroups.activeTabGroup.activeTab !== undefined;
    return await vscode.window.showTextDocument(uri, read ? { viewColumn: vscode.ViewColumn.Beside } : {});
}

function isPython(input: unknown): boolean {
    return input instanceof vscode.TabInputText && input.uri.path.endsWith('.py');
}
