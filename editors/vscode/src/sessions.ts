// Debug sessions of type `cwm`: what they say at a stop, and what would be if values were others.

import * as vscode from 'vscode';
import { askChanges } from './askChanges.ts';
import { isGhost } from './debugging.ts';
import type { Painter } from './painter.ts';
import type { DebugStates } from './states.ts';
import type { Future } from './world.ts';

const STATES = 'cwm/states';
const WHAT_IF = 'cwm/whatIf';

export interface Standing {
    line: number;
    locals: Record<string, string>;
}

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
        // What-if is of programs that run; a ghost's values are changed where they stand.
        return this.session !== undefined && isGhost(this.session.configuration) ? undefined : this.said;
    }

    /** What a session shows where it stands, that of a ghost, too. */
    get shown(): DebugStates | undefined {
        return this.said;
    }

    /** Ask for other values, at the stop, and list the predicted future with them. */
    async whatIf(name?: string): Promise<void> {
        const [session, said] = [this.session, this.stopped];
        if (session === undefined || said === undefined) {
            return;
        }
        const changes = await askChanges('The program is not changed; the model says what would follow.', name);
        if (changes === undefined) {
            return;
        }
        try {
            const [standing, body] = await Promise.all([
                this.standing(),
                session.customRequest(WHAT_IF, { threadId: said.threadId, branches: [changes] }),
            ]);
            if (this.said === said) {
                const from = (standing?.line ?? 0) + 1;
                this.futures = [...this.futures, ...(body as { branches: Future[] }).branches.map((one) => ({ ...one, from }))];
                this.changes.fire();
                await vscode.commands.executeCommand('cwm.world.focus');
            }
        } catch (error) {
            void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
        }
    }

    /** Where the program stands, from 0, and what its innermost frame holds, as the debugger writes it. */
    async standing(): Promise<Standing | undefined> {
        const [session, said] = [this.session, this.stopped];
        if (session === undefined || said === undefined) {
            return undefined;
        }
        const { stackFrames } = await session.customRequest('stackTrace', { threadId: said.threadId, startFrame: 0, levels: 1 });
        const { scopes } = await session.customRequest('scopes', { frameId: stackFrames[0].id });
        const scope = scopes.find((one: { name: string; presentationHint?: string }) => one.presentationHint === 'locals' || one.name === 'Locals');
        if (scope === undefined) {
            return undefined;
        }
        const { variables } = await session.customRequest('variables', { variablesReference: scope.variablesReference });
        const named = (variables as { name: string; value: string }[]).filter(({ name }) => /^[^\W\d]\w*$/u.test(name));
        return { line: stackFrames[0].line - 1, locals: Object.fromEntries(named.map(({ name, value }) => [name, value])) };
    }

    dispose(): void {
        this.disposables.forEach((one) => one.dispose());
    }

    private take(session: vscode.DebugSession, body: DebugStates): void {
        this.session = session;
        if (this.said?.stop !== body.stop || this.said.threadId !== body.threadId) {
            this.futures = [];
        }
        const shown = body.lines.length > 0;
        this.said = shown ? body : undefined;
        this.painter.overlay(shown ? [body] : []);
        this.changes.fire();
    }

    private forget(): void {
        [this.session, this.said, this.futures] = [undefined, undefined, []];
        this.painter.overlay([]);
        this.changes.fire();
    }
}
