// The language server's process: found, started, told of settings, restarted.

import { execFile } from 'node:child_process';
import * as vscode from 'vscode';
import {
    type CancellationToken,
    DidChangeConfigurationNotification,
    type Executable,
    type LanguageClientOptions,
    ResponseError,
    State,
} from 'vscode-languageclient/node';
import { Client } from './client.ts';
import { unresolved } from './fixing.ts';
import { Names } from './lenses.ts';
import { commandLine, type Found, locate, type Program, type Refused } from './locate.ts';
import { serverOptions } from './options.ts';
import { interpreterOf } from './pythonExtension.ts';
import type { StatesParams } from './states.ts';
import { isOfTheCode, type ServerState, troubleOf } from './statusText.ts';
import { spaced } from './tables.ts';

/** Commands of the server that run code, and so need the file on disk. */
const RUNNING = new Set(['cwm.compare', 'cwm.record', 'cwm.repair', 'cwm.fix']);
const TOLD = new Set([...RUNNING, 'cwm.predict', 'cwm.view', 'cwm.viewWhatIf', 'cwm.visits', 'cwm.visit']);
/** Those that show that the model can be asked. */
const PREDICTING = new Set(['cwm.compare', 'cwm.predict']);
const CANCELLED = -32800;
const DOCTOR_MS = 60_000;

/** What the server is doing now, for the status item. */
export interface ServerEvent {
    state: ServerState;
    detail: string;
    /** What keeps the model from predicting, if this tells anything of that. */
    trouble?: string | undefined;
}

export class Server implements vscode.Disposable {
    private readonly states = new vscode.EventEmitter<StatesParams>();
    private readonly changes = new vscode.EventEmitter<ServerEvent>();
    readonly onStates = this.states.event;
    readonly onChange = this.changes.event;
    found: Found | undefined;
    private client: Client | undefined;
    private turn: Promise<void> = Promise.resolve();
    private told = false;
    private readonly log: vscode.LogOutputChannel;

    private readonly own: string;

    private readonly names = new Names((name, told) =>
        vscode.commands.registerCommand(name, () => vscode.commands.executeCommand(told.command, ...(told.arguments ?? []))));

    /** `own` is the folder of the extension's own environment. */
    constructor(log: vscode.LogOutputChannel, own: string) {
        this.log = log;
        this.own = own;
    }

    /** Have the server do a command; `undefined` where that failed or was cancelled, which is told. */
    async request<T>(command: string, argument: unknown, token?: CancellationToken): Promise<T | undefined> {
        const client = await this.ready();
        return (await this.execute(command, [argument], async () =>
            // A token that is undefined would be sent as a second parameter.
            await client?.sendRequest('workspace/executeCommand', { command, arguments: [argument] }, ...(token ? [token] : [])),
        )) as T | undefined;
    }

    /** Start, or start anew. Calls wait for each other. */
    restart(): Promise<void> {
        this.turn = this.turn.then(async () => {
            await this.stop();
            await this.start();
        });
        return this.turn;
    }

    /** The running client, started if it is not. `undefined` where that failed, which was told. */
    async ready(): Promise<Client | undefined> {
        await this.turn;
        if (this.client?.state !== State.Running) {
            this.told = false;
            await this.restart();
        }
        return this.client?.state === State.Running ? this.client : undefined;
    }

    /** Tell the server the settings as they are now. */
    async configure(): Promise<void> {
        if (this.client?.state === State.Running) {
            const settings = { cwm: await this.options() };
            await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings });
        }
    }

    /** What `cwm-lsp doctor` says about this machine and these settings, and whether it finds nothing wrong. */
    async doctor(...options: string[]): Promise<{ report: string; sound: boolean }> {
        this.told &&= options.length > 0; // who asked for it hears once more what is missing
        const program = this.found?.program ?? (await this.locate())?.program;
        if (program === undefined) {
            return { report: '', sound: false };
        }
        // What the project sets counts for the server in a trusted workspace only, and so for the doctor.
        const trust = vscode.workspace.isTrusted ? ['--trust'] : [];
        const args = [...program.args, 'doctor', ...trust, ...options];
        const env = { ...process.env, ...(await this.doctorVariables()), NO_COLOR: '1', COLUMNS: '110', PYTHONUTF8: '1' };
        const cwd = folder();
        return await new Promise((resolve) => {
            execFile(program.command, args, { cwd, env, timeout: DOCTOR_MS, windowsHide: true }, (error, out, err) => {
                resolve({ report: out || err || error?.message || '', sound: error === null });
            });
        });
    }

    /** Find cwm-lsp anew; `undefined` where there is none, which is told. */
    async locate(): Promise<Found | undefined> {
        const found = await locate({
            setting: vscode.workspace.getConfiguration('cwm').get<string>('path', '').trim(),
            folders: folders(),
            trusted: vscode.workspace.isTrusted,
            interpreter: await interpreterOf(vscode.workspace.workspaceFolders?.[0]?.uri),
            own: this.own,
            platform: process.platform,
        });
        this.found = Array.isArray(found) ? undefined : found;
        if (Array.isArray(found)) {
            this.tellMissing(found);
            return undefined;
        }
        this.log.info(`cwm-lsp ${found.version}, found ${found.program.why}: ${commandLine(found.program)}`);
        return found;
    }

    async dispose(): Promise<void> {
        await this.stop();
        this.names.dispose();
        this.states.dispose();
        this.changes.dispose();
    }

    private async start(): Promise<void> {
        this.changes.fire({ state: 'starting', detail: '' });
        const found = await this.locate();
        if (found === undefined) {
            return;
        }
        const client = new Client(executable(found.program), await this.clientOptions());
        client.onNotification('cwm/states', (params: StatesParams) => this.states.fire(params));
        client.onDidChangeState(({ newState }) => {
            if (newState === State.Stopped && this.client === client) {
                this.changes.fire({ state: 'failed', detail: 'See the log.' });
            } else if (newState === State.Running) {
                this.changes.fire({ state: 'ready', detail: '' });
            }
        });
        this.client = client;
        try {
            await client.start();
        } catch (error) {
            this.log.error(`The server did not start: ${String(error)}`);
            this.changes.fire({ state: 'failed', detail: String(error) });
        }
    }

    private async stop(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        if (client === undefined) {
            return;
        }
        try {
            await client.dispose();
        } catch (error) {
            this.log.warn(`The server did not end in order: ${String(error)}`);
        }
        this.changes.fire({ state: 'off', detail: '' });
    }

    private async clientOptions(): Promise<LanguageClientOptions> {
        return {
            documentSelector: [{ language: 'python', scheme: 'file' }],
            outputChannel: this.log,
            traceOutputChannel: this.log,
            diagnosticCollectionName: 'cwm',
            initializationOptions: await this.options(),
            middleware: {
                executeCommand: async (command, args, next) =>
                    command === 'cwm.fix'
                        ? await vscode.commands.executeCommand('cwm.findFix', args[0])
                        : await this.execute(command, args, next),
                provideHover: async (document, position, token, next) => roomy(await next(document, position, token)),
                provideCodeLenses: async (document, token, next) => this.names.name((await next(document, token)) ?? []),
                provideCodeActions: async (document, range, context, token, next) =>
                    unresolved((await next(document, range, context, token)) ?? []),
            },
        };
    }

    private async options(): Promise<Record<string, unknown>> {
        const settings = vscode.workspace.getConfiguration('cwm');
        const python = await interpreterOf(vscode.workspace.workspaceFolders?.[0]?.uri);
        return serverOptions((name) => chosen(settings, name), vscode.workspace.isTrusted, python);
    }

    /** The doctor reads the environment, so it is told the settings there. */
    private async doctorVariables(): Promise<Record<string, string>> {
        const options = await this.options();
        const variables: Record<string, string> = {};
        for (const name of ['python', 'backend', 'model', 'endpoint']) {
            const value = String(options[name] ?? '');
            if (value !== '') {
                variables[`CWM_LSP_${name.toUpperCase()}`] = value;
            }
        }
        return variables;
    }

    /** A command of the server, with the file saved first and its failure said in words. */
    private async execute(
        command: string, args: unknown[], next: (command: string, args: unknown[]) => unknown,
    ): Promise<unknown> {
        if (RUNNING.has(command)) {
            await saved(args[0]);
        }
        if (!TOLD.has(command)) {
            return await next(command, args);
        }
        this.changes.fire({ state: 'working', detail: '' });
        let trouble: string | undefined;
        try {
            const answer = await next(command, args);
            trouble = PREDICTING.has(command) ? '' : undefined;
            return answer;
        } catch (error) {
            trouble = error instanceof ResponseError && troubleOf(error.message, error.data) || undefined;
            this.tellFailure(error);
            return undefined;
        } finally {
            if (this.client?.state === State.Running) {
                this.changes.fire({ state: 'ready', detail: '', trouble });
            }
        }
    }

    private tellFailure(error: unknown): void {
        if (error instanceof ResponseError && error.code === CANCELLED) {
            return;
        }
        const message = error instanceof Error ? error.message : String(error);
        this.log.error(message);
        if (error instanceof ResponseError && isOfTheCode(error.data)) {
            void vscode.window.showWarningMessage(message);
            return;
        }
        const [doctor, log] = ['Run Doctor', 'Show Log'];
        void vscode.window.showErrorMessage(message, doctor, log).then(async (chosen) => {
            if (chosen === doctor) {
                await vscode.commands.executeCommand('cwm.doctor');
            } else if (chosen === log) {
                this.log.show();
            }
        });
    }

    /** Say once for each start what was tried, with a way out. */
    private tellMissing(refused: Refused[]): void {
        const tried = refused.map(({ program, reason }) => `${commandLine(program)} (${program.why}): ${reason}`);
        for (const line of tried) {
            this.log.warn(`Not cwm-lsp: ${line}`);
        }
        this.changes.fire({ state: 'missing', detail: 'Choose the program, or install it into the project.' });
        if (this.told) {
            return;
        }
        this.told = true;
        const [create, choose, how, log] = ['Create Environment…', 'Choose Program…', 'How to Install', 'Show Log'];
        const text = refused.length === 1
            ? `CWM cannot start: ${tried[0]}.`
            : 'CWM needs the program cwm-lsp, which was found neither in this project nor on PATH.';
        void vscode.window.showWarningMessage(text, create, choose, how, log).then(async (chosen) => {
            if (chosen === create) {
                await vscode.commands.executeCommand('cwm.createEnvironment');
            } else if (chosen === choose) {
                await vscode.commands.executeCommand('cwm.choosePath');
            } else if (chosen === how) {
                await vscode.commands.executeCommand('cwm.openWalkthrough');
            } else if (chosen === log) {
                this.log.show();
            }
        });
    }
}

/** The folder that the server works in: its settings and the project's interpreter are looked for there. */
export function folder(): string | undefined {
    return folders()[0];
}

function folders(): string[] {
    const open = vscode.workspace.workspaceFolders ?? [];
    return open.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

/** What the user has set; `undefined` where only the default stands. */
function chosen(settings: vscode.WorkspaceConfiguration, name: string): unknown {
    const held = settings.inspect(name);
    const set = held?.workspaceFolderValue ?? held?.workspaceValue ?? held?.globalValue;
    return set === undefined ? undefined : settings.get(name);
}

function executable(program: Program): Executable {
    const cwd = folder();
    return {
        command: program.command,
        args: [...program.args, 'serve', '--stdio'],
        options: cwd === undefined ? {} : { cwd },
    };
}

function roomy(hover: vscode.Hover | null | undefined): vscode.Hover | null | undefined {
    for (const one of hover?.contents ?? []) {
        if (one instanceof vscode.MarkdownString) {
            one.value = spaced(one.value);
        }
    }
    return hover;
}

async function saved(argument: unknown): Promise<void> {
    if ((argument as { kind?: unknown } | undefined)?.kind === 'test') {
        await vscode.workspace.saveAll(false); // a test and what it is about are two files
        return;
    }
    const uri = (argument as { uri?: unknown } | undefined)?.uri;
    const wanted = typeof uri === 'string' ? vscode.Uri.parse(uri).toString() : undefined;
    const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === wanted);
    if (document?.isDirty) {
        await document.save();
    }
}
