// Draws `cwm/states`: pieces of text at line ends, a mark in the gutter, nothing on a line that has changed since.

import * as vscode from 'vscode';
import { cells } from './shorten.ts';
import { type Drawing, drawings, fits, SLOTS, type StatesParams, words } from './states.ts';

const COLUMNS = 'show.columns';
/** Cells between a line's text and its values, and the fewest that values may take. */
const [GAP, LEAST] = [5, 48];

export class Painter implements vscode.Disposable {
    private readonly shown = new Map<string, StatesParams>();
    private laid = new Map<string, StatesParams>();
    private readonly slots: vscode.TextEditorDecorationType[];
    private readonly mark: vscode.TextEditorDecorationType;
    private readonly disposables: vscode.Disposable[];
    private readonly changes = new vscode.EventEmitter<void>();
    readonly onChange = this.changes.event;

    constructor(context: vscode.ExtensionContext) {
        this.slots = slots();
        this.mark = vscode.window.createTextEditorDecorationType({
            dark: { gutterIconPath: context.asAbsolutePath('media/divergence-dark.svg') },
            light: { gutterIconPath: context.asAbsolutePath('media/divergence-light.svg') },
            gutterIconSize: '70%',
            overviewRulerColor: new vscode.ThemeColor('cwm.differs'),
            overviewRulerLane: vscode.OverviewRulerLane.Left,
        });
        this.disposables = [
            ...this.slots,
            this.mark,
            this.changes,
            vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.paint(editor))),
            vscode.workspace.onDidChangeTextDocument(({ document }) => this.edited(document)),
            vscode.workspace.onDidCloseTextDocument((document) => this.forget(document.uri.toString())),
            vscode.workspace.onDidChangeConfiguration((event) => {
                if (event.affectsConfiguration(`cwm.${COLUMNS}`)) {
                    vscode.window.visibleTextEditors.forEach((editor) => this.paint(editor));
                }
            }),
        ];
    }

    /** Take what a document shows now. */
    take(params: StatesParams): void {
        const key = vscode.Uri.parse(params.uri).toString();
        if (params.lines.length === 0) {
            this.shown.delete(key);
        } else {
            this.shown.set(key, params);
        }
        this.repaint(key);
        this.changes.fire();
    }

    /** Show what a debug session says, in place of results, until it is taken away again. */
    overlay(all: StatesParams[]): void {
        const before = this.laid;
        this.laid = new Map(all.map((params) => [vscode.Uri.parse(params.uri).toString(), params]));
        new Set([...before.keys(), ...this.laid.keys()]).forEach((key) => this.repaint(key));
    }

    /** Nothing is shown any more: the server that knew it has gone. */
    clear(): void {
        const keys = [...this.shown.keys()];
        this.shown.clear();
        keys.forEach((key) => this.repaint(key));
        this.changes.fire();
    }

    /** What a document shows, `undefined` if nothing. */
    of(document: vscode.TextDocument | undefined): StatesParams | undefined {
        return document === undefined ? undefined : this.shown.get(document.uri.toString());
    }

    /** All that a line shows now, whole: a sentence for each value. */
    wordsAt(document: vscode.TextDocument, line: number): string[] {
        const drawn = this.drawn(document)?.lines.find(({ at }) => at.line === line);
        return drawn === undefined ? [] : words(drawn);
    }

    get isEmpty(): boolean {
        return this.shown.size === 0;
    }

    dispose(): void {
        this.disposables.forEach((one) => one.dispose());
    }

    /** Values of the old text go at once; the server sends them again if they still hold. */
    private edited(document: vscode.TextDocument): void {
        const params = this.drawn(document);
        if (params !== undefined && !fits(params, document.version, document.isDirty)) {
            this.repaint(document.uri.toString());
        }
    }

    private drawn(document: vscode.TextDocument): StatesParams | undefined {
        return this.laid.get(document.uri.toString()) ?? this.of(document);
    }

    private forget(key: string): void {
        if (this.shown.delete(key)) {
            this.changes.fire();
        }
    }

    private repaint(key: string): void {
        for (const editor of vscode.window.visibleTextEditors) {
            if (editor.document.uri.toString() === key) {
                this.paint(editor);
            }
        }
    }

    private paint(editor: vscode.TextEditor): void {
        const { document } = editor;
        const params = this.drawn(document);
        const all = params !== undefined && fits(params, document.version, document.isDirty)
            ? drawings(params, (line) => roomOf(editor, line)) : [];
        this.slots.forEach((slot, index) => {
            editor.setDecorations(slot, all.flatMap((one) => decoration(one, index)));
        });
        editor.setDecorations(this.mark, all.filter((one) => one.mark).map((one) => at(one)));
    }
}

/** The cells that values may take on a line. An extension is not told how wide an editor is, so a setting says where they end. */
function roomOf({ document, options }: vscode.TextEditor, line: number): number {
    const columns = vscode.workspace.getConfiguration('cwm', document).get<number>(COLUMNS, 0);
    if (columns === 0 || line >= document.lineCount) {
        return Infinity;
    }
    const text = document.lineAt(line).text.replaceAll('\t', ' '.repeat(Number(options.tabSize)));
    return Math.max(columns - cells(text) - GAP, LEAST);
}

/**
 * One decoration type for each place in a line. The editor orders texts at one position by the name of
 * their type, as strings; so places are given out in the order of those names.
 */
function slots(): vscode.TextEditorDecorationType[] {
    const rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
    const types = Array.from({ length: SLOTS }, () => vscode.window.createTextEditorDecorationType({ rangeBehavior }));
    return types.sort((one, other) => (`${one.key}-` < `${other.key}-` ? -1 : 1));
}

function at(drawing: Drawing): vscode.Range {
    return new vscode.Range(drawing.line, drawing.character, drawing.line, drawing.character);
}

function decoration(drawing: Drawing, index: number): vscode.DecorationOptions[] {
    const piece = drawing.pieces[index];
    if (piece === undefined) {
        return [];
    }
    return [{
        range: at(drawing),
        hoverMessage: index === 0 ? [...spoken(drawing), actions(drawing)] : [],
        renderOptions: {
            after: {
                contentText: piece.text.replaceAll(' ', '\u00a0'),
                color: new vscode.ThemeColor(`cwm.${piece.tone}`),
                fontStyle: piece.tone === 'predicted' ? 'italic' : 'normal',
                margin: index === 0 ? '0 0 0 3em' : '0',
            },
        },
    }];
}

/** What can be done with the values of a line: copied, and seen as of another visit if it ran several times. */
function actions({ line, visits }: Drawing): vscode.MarkdownString {
    const argument = encodeURIComponent(JSON.stringify([{ line }]));
    const choose = visits < 2 ? '' : `[Choose another of the ${visits} visits](command:cwm.chooseVisit?${argument}) · `;
    const links = new vscode.MarkdownString(`${choose}[Copy](command:cwm.copyValues?${argument})`);
    links.isTrusted = { enabledCommands: ['cwm.chooseVisit', 'cwm.copyValues'] };
    return links;
}

/** All that a line says, in sentences. Text of the user's program is never read as markdown. */
function spoken(drawing: Drawing): vscode.MarkdownString[] {
    return drawing.words.map((sentence) => new vscode.MarkdownString().appendText(sentence));
}
