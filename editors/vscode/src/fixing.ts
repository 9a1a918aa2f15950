// From a wish to an edit: search with progress, ask where fixes disagree, let the user choose, apply.

import * as vscode from 'vscode';
import { CancellationTokenSource } from 'vscode-languageclient/node';
import {
    answered, type FixState, isSearch, nothing, type QuestionState, type RepairArgument, type RepairResult, shortDiff,
    type ShouldBeArgument, wished, wishFor,
} from './fixes.ts';
import type { Server } from './server.ts';

/** How often fixes that disagree are asked about, before what is left is offered as it is. */
const QUESTIONS = 3;
const OTHER = '$(edit) Another value…';
const UNKNOWN = '$(circle-slash) I do not know';

/** Look for a fix and offer what was found. Without an argument, for what stands at the cursor. */
export async function findFix(server: Server, given?: RepairArgument): Promise<void> {
    const wanted = given ?? (await atCursor());
    if (wanted === undefined) {
        return;
    }
    const seconds = vscode.workspace.getConfiguration('cwm').get<number>('repair.seconds', 20);
    let argument: RepairArgument = { ...wanted, seconds: wanted.seconds ?? seconds };
    let result = await search(server, argument);
    for (let asked = 0; asked < QUESTIONS && result?.status === 'plausible' && result.question !== null; asked += 1) {
        const gives = await ask(result.question);
        if (gives === undefined) {
            break;
        }
        argument = answered(argument, result.question, gives);
        result = await search(server, argument);
    }
    if (result !== undefined) {
        await offer(result);
    }
}

/** Ask what a call should have given, and look for a fix that makes it so. */
export async function shouldBe(server: Server, call: ShouldBeArgument): Promise<void> {
    const text = `${call.function}(${call.arguments})`;
    const expect = await vscode.window.showInputBox({
        title: `CWM: ${text} gave ${call.observed}`,
        prompt: 'What should it give? A Python expression.',
        value: call.observed,
        validateInput: (typed) => (typed.trim() === '' ? 'Type the value.' : undefined),
    });
    if (expect !== undefined) {
        await findFix(server, wishFor(call, expect.trim()));
    }
}

/** Quick fixes that start a search when they are chosen: the editor resolves others as soon as they are pointed at. */
export function unresolved(actions: (vscode.Command | vscode.CodeAction)[]): (vscode.Command | vscode.CodeAction)[] {
    return actions.map((one) => {
        const data: unknown = (one as { data?: unknown }).data;
        if (!isSearch(data)) {
            return one;
        }
        const action = new vscode.CodeAction(one.title, vscode.CodeActionKind.QuickFix);
        action.command = { command: 'cwm.findFix', title: one.title, arguments: [data] };
        const { diagnostics } = one as vscode.CodeAction;
        return Object.assign(action, diagnostics === undefined ? {} : { diagnostics });
    });
}

async function search(server: Server, argument: RepairArgument): Promise<RepairResult | undefined> {
    return await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `CWM: looking for a fix of ${wished(argument)}`, cancellable: true },
        async (_, token) => {
            const source = new CancellationTokenSource();
            token.onCancellationRequested(() => source.cancel());
            return await server.request<RepairResult>('cwm.repair', argument, source.token);
        },
    );
}

async function ask(question: QuestionState): Promise<string | undefined> {
    const items = [...question.choices, OTHER, UNKNOWN];
    const chosen = await vscode.window.showQuickPick(items, { title: 'CWM: fixes disagree', placeHolder: question.words });
    if (chosen !== OTHER) {
        return chosen === UNKNOWN ? undefined : chosen;
    }
    const prompt = 'A Python expression, or "raised ValueError".';
    return await vscode.window.showInputBox({ title: `What should ${question.call} give?`, prompt });
}

async function offer(result: RepairResult): Promise<void> {
    if (result.fixes.length === 0) {
        void vscode.window.showInformationMessage(nothing(result));
        return;
    }
    const items = result.fixes.map((fix) => ({
        label: `$(${fix.verified ? 'verified' : 'question'}) ${fix.title}`,
        description: shortDiff(fix.diff),
        detail: fix.evidence.filter((one) => !one.startsWith('failed before')).join(' · '),
        fix,
    }));
    const chosen = await vscode.window.showQuickPick(items, {
        title: result.status === 'verified' ? 'CWM: a verified fix' : 'CWM: plausible, not verified',
        placeHolder: 'Enter applies the edit, Escape leaves the file as it is',
        matchOnDescription: true,
    });
    if (chosen !== undefined) {
        await apply(chosen.fix);
    }
}

async function apply(fix: FixState): Promise<void> {
    const uri = vscode.Uri.parse(fix.uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    for (const { range: { start, end }, newText } of fix.edits) {
        edit.replace(uri, new vscode.Range(start.line, start.character, end.line, end.character), newText);
    }
    if (fix.version !== null && document.version !== fix.version) {
        void vscode.window.showWarningMessage('The file was changed meanwhile, so the fix was not applied. Look for it again.');
    } else if (await vscode.workspace.applyEdit(edit)) {
        const first = fix.edits[0]?.range.start.line ?? 0;
        await vscode.window.showTextDocument(document, { selection: new vscode.Range(first, 0, first, 0) });
    }
}

/** What can be repaired at the cursor; asks where it is more than one thing. */
async function atCursor(): Promise<RepairArgument | undefined> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
        return undefined;
    }
    const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider', editor.document.uri, editor.selection, vscode.CodeActionKind.QuickFix.value,
    );
    const items = found.flatMap(({ title, command }) => {
        const data: unknown = command?.command === 'cwm.findFix' ? command.arguments?.[0] : undefined;
        return isSearch(data) ? [{ label: title, data }] : [];
    });
    if (items.length === 0) {
        void vscode.window.showInformationMessage(
            'Nothing here says what should be: no doctest, no test, no comment "# cwm: f(3) == 7", and no run.',
        );
        return undefined;
    }
    const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'CWM: find a fix' });
    return chosen?.data;
}
