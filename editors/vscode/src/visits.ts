// Which time that a line of a loop ran is looked at.

import * as vscode from 'vscode';
import type { Server } from './server.ts';

interface VisitState {
    call: string;
    visit: number;
    visits: number;
    text: string;
    mark: boolean;
    focus: number;
}

/** Choose a visit of the line at the cursor, or of `line`, counted from 0; all lines follow. */
export async function chooseVisit(server: Server, line?: number): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
        return;
    }
    const uri = editor.document.uri.toString();
    const found = await server.request<VisitState[]>('cwm.visits', { uri, line: line ?? editor.selection.active.line });
    const [first] = found ?? [];
    if (found === undefined || first === undefined) {
        void vscode.window.showInformationMessage('This line did not run in anything that is shown.');
        return;
    }
    const items: (vscode.QuickPickItem & { focus: number | null; call: string })[] = found.map((one) => ({
        label: `${one.mark ? '$(debug-breakpoint-log) ' : ''}visit ${one.visit} of ${one.visits}`,
        description: one.text.replace(/\s*⟨\d+\/\d+⟩$/, '') || 'changed nothing',
        focus: one.focus,
        call: one.call,
    }));
    items.push({ label: '$(discard) What is shown without a choice', focus: null, call: first.call });
    const title = `CWM: which visit of line ${(line ?? editor.selection.active.line) + 1}?`;
    const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: first.call, matchOnDescription: true });
    if (chosen !== undefined) {
        await server.request('cwm.visit', { uri, call: chosen.call, focus: chosen.focus });
    }
}
