// The view "World Model" in the debug side bar.

import * as vscode from 'vscode';
import type { Painter } from './painter.ts';
import type { Sessions } from './sessions.ts';
import { type Row, rows } from './world.ts';

const UNFOLDED = 'world.unfolded';

/** Follows the editor, or the debug session while one is stopped. */
export class WorldView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
    private readonly changes = new vscode.EventEmitter<undefined>();
    readonly onDidChangeTreeData = this.changes.event;
    private readonly disposables: vscode.Disposable[];
    private readonly painter: Painter;
    private readonly sessions: Sessions;
    private shown: vscode.Uri | undefined;

    constructor(painter: Painter, sessions: Sessions, memory: vscode.Memento) {
        this.painter = painter;
        this.sessions = sessions;
        const view = vscode.window.createTreeView('cwm.world', { treeDataProvider: this, showCollapseAll: true });
        const changed = (): void => this.changes.fire(undefined);
        this.disposables = [
            view,
            this.changes,
            painter.onChange(changed),
            sessions.onChange(changed),
            sessions.onChange(() => this.unfold(memory)),
            vscode.window.onDidChangeActiveTextEditor(changed),
        ];
    }

    getChildren(row?: Row): Row[] {
        return row === undefined ? this.roots() : row.children;
    }

    getTreeItem(row: Row): vscode.TreeItem {
        const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
        const item = new vscode.TreeItem(row.label, row.children.length === 0 ? None : row.open ? Expanded : Collapsed);
        item.description = row.description;
        item.tooltip = row.tooltip;
        item.contextValue = row.context;
        item.accessibilityInformation = { label: row.tooltip };
        if (row.icon !== '') {
            item.iconPath = new vscode.ThemeIcon(row.icon);
        }
        if (row.line !== undefined && this.shown !== undefined) {
            const selection = new vscode.Range(row.line, 0, row.line, 0);
            const options = { selection, preserveFocus: true };
            item.command = { command: 'vscode.open', title: 'Go to Line', arguments: [this.shown, options] };
        }
        return item;
    }

    dispose(): void {
        this.disposables.forEach((one) => one.dispose());
    }

    /** A view in a side bar of the editor's own starts folded. At the first stop ever it opens, then it stays as the user leaves it. */
    private unfold(memory: vscode.Memento): void {
        if (this.sessions.shown !== undefined && !memory.get(UNFOLDED, false)) {
            void memory.update(UNFOLDED, true);
            void vscode.commands.executeCommand('cwm.world.focus', { preserveFocus: true });
        }
    }

    private roots(): Row[] {
        const document = vscode.window.activeTextEditor?.document;
        const params = this.sessions.shown ?? this.painter.of(document);
        this.shown = params === undefined ? undefined : vscode.Uri.parse(params.uri);
        const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === this.shown?.toString());
        const source = (line: number): string => (open !== undefined && line < open.lineCount ? open.lineAt(line).text : '');
        return rows(params, this.sessions.futures, source, this.sessions.stopped !== undefined);
    }
}
