// Debug sessions of type `cwm`: what they say at a stop, and what would be if values were others.

import * as vscode from 'vscode';
import type { Painter } from './painter.ts';
import type { DebugStates } from './states.ts';
import { branchOf, type Future } from './world.ts';

const STATES = 'cwm/states';
const WHAT_IF = 'cwm/whatIf';

export class Sessions implements vscode.Disposable {
    private readonly changes = new vscode.EventEmitter<void>();
    readonly onChange = this.changes.event;
    private readonly disposables: vscode.Disposable[];
    private readonly painter: Painter;
    private session: vscode.DebugSession | undefined;
    private said: DebugStates | undefined;
    futures: Future[] = [];

    constructor(painter: Painter) {
        this.painter = painter;
        this.disposables = [
            this.changes,
            vscode.debug.onDidReceiveDebugSessionCustomEvent(({ session, event, body }) => {
                if (event === STATES && session.type === 'cwm') {
                    this.take(session, body as DebugStates);
                }
            }),
            vscode.debug.onDidTerminateDebugSession((session) => {
                if (session.id === this.session?.id) {
                    this.forget();
                }
            }),
        ];
    }

    /** What the stopped program shows; `undefined` while it runs and when there is none. */
    get stopped(): DebugStates | undefined {
        return this.said;
    }

    /** Ask for other values, at the stop, and list the predicted future with them. */
    async whatIf(name?: string): Promise<void> {
        const [session, said] = [this.session, this.said];
        if (session === undefined || said === undefined) {
            void vscode.window.showInformationMessage('What if is asked while a debug session of type cwm is stopped.');
            return;
        }
        const typed = await vscode.window.showInputBox({
            title: 'CWM: What if…',
            prompt: 'Values as Python literals. The program is not changed; the model says what would follow.',
            placeHolder: 'total = 0, xs = [1, 2]',
            value: name === undefined ? '' : `${name} = `,
            valueSelection: name === undefined ? [0, 0] : [name.length + 3, name.length + 3],
            validateInput: (text) => {
                const found = text.trim() === '' ? {} : branchOf(text);
                return typeof found === 'string' ? found : undefined;
            },
        });
        const changes = typed === undefined ? '' : branchOf(typed);
        if (typeof changes === 'string') {
            return;
        }
        try {
            const body = await session.customRequest(WHAT_IF, { threadId: said.threadId, branches: [changes] });
            if (this.said === said) {
                this.futures = [...this.futures, ...(body as { branches: Future[] }).branches];
                this.changes.fire();
                await vscode.commands.executeCommand('cwm.world.focus');
            }
        } catch (error) {
            void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
        }
    }

    dispose(): void {
        this.disposables.forEach((one) => one.dispose());
    }

    private take(session: vscode.DebugSession, body: DebugStates): void {
        this.session = session;
        if (this.said?.stop !== body.stop || this.said.threadId !== body.threadId) {
            this.futures = [];
        }
        this.said = body.lines.length === 0 ? undefined : body;
        this.painter.overlay(this.said === undefined ? [] : [body]);
        this.changes.fire();
    }

    private forget(): void {
        [this.session, this.said, this.futures] = [undefined, undefined, []];
        this.painter.overlay([]);
        this.changes.fire();
    }
}
