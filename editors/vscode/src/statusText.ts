// The words of the status item.

export type ServerState = 'off' | 'starting' | 'ready' | 'working' | 'missing' | 'failed';

/**
 * What the item knows. `backend` and `model` are empty until the doctor has answered; `trouble` is what keeps a server
 * that runs from predicting, in a sentence, "" where nothing does.
 */
export interface Facts {
    state: ServerState;
    backend: string;
    model: string;
    version: string;
    summary: string;
    shown: boolean;
    detail: string;
    trouble: string;
}

/** Kinds of errors that say that the model cannot be asked (docs/protocol.md). */
const OF_THE_MODEL = ['ModelUnavailable', 'ServerLost', 'RequestRefused', 'ModelCrashed'];

/** Those that say what the user's text or request lacks: the installation has nothing to do with it. */
const OF_THE_CODE = ['SourceError', 'TargetError', 'ArgumentsError'];

const ICONS: Record<ServerState, string> = {
    off: '$(circle-slash)',
    starting: '$(loading~spin)',
    ready: '$(beaker)',
    working: '$(loading~spin)',
    missing: '$(warning)',
    failed: '$(error)',
};

const WORDS: Record<ServerState, string> = {
    off: 'stopped',
    starting: 'starting',
    ready: 'ready',
    working: 'working',
    missing: 'cwm-lsp was not found',
    failed: 'the server has ended',
};

/** Short, as the status bar wants it: `$(beaker) CWM embedded · right in 94 % of 212 values`. */
export function statusText(facts: Facts): string {
    const settled = facts.state === 'ready' || facts.state === 'working';
    const name = settled && facts.backend !== '' ? `CWM ${facts.backend}` : 'CWM';
    const parts = settled
        ? [facts.shown ? '' : 'hidden', facts.trouble === '' ? facts.summary : 'has a problem']
        : [WORDS[facts.state]];
    const icon = facts.state === 'ready' && facts.trouble !== '' ? '$(warning)' : ICONS[facts.state];
    return `${icon} ${[name, ...parts].filter((part) => part !== '').join(' · ')}`;
}

/** The same in full, one line each, for the tooltip and screen readers. */
export function statusLines(facts: Facts): string[] {
    const backend = facts.backend === '' ? '' : `Model: ${[facts.backend, facts.model].filter(Boolean).join(', ')}`;
    return [
        `CWM is ${WORDS[facts.state]}${facts.version === '' ? '' : ` (cwm-lsp ${facts.version})`}`,
        backend,
        facts.summary === '' ? '' : `The model was ${facts.summary} in this file`,
        facts.shown ? '' : 'Everything is switched off (cwm.show.all)',
        facts.detail,
        facts.trouble === '' ? '' : `Problem: ${facts.trouble}`,
    ].filter((line) => line !== '');
}

/** Backend, model and the first problem from what `cwm-lsp doctor --json` prints; empty where it does not say. */
export function modelOf(report: string): Pick<Facts, 'backend' | 'model' | 'trouble'> {
    try {
        const { backend, problems } = JSON.parse(report) as {
            backend?: { chosen?: unknown; model?: unknown };
            problems?: { what?: unknown; hint?: unknown }[];
        };
        const trouble = [text(problems?.[0]?.what), text(problems?.[0]?.hint)].filter(Boolean).join(' ');
        return { backend: text(backend?.chosen), model: text(backend?.model), trouble };
    } catch {
        return { backend: '', model: '', trouble: '' }; // the doctor itself reports what is wrong, when it is asked
    }
}

/** What the failure of a command says of the model, "" where the model is not at fault. `data` is the error's. */
export function troubleOf(message: string, data: unknown): string {
    return OF_THE_MODEL.includes(kindOf(data)) ? message : '';
}

/** Whether a command failed by the user's text or request alone, so that no log and no doctor knows more. */
export function isOfTheCode(data: unknown): boolean {
    return OF_THE_CODE.includes(kindOf(data));
}

function kindOf(data: unknown): string {
    return text((data as { kind?: unknown } | undefined)?.kind);
}

function text(value: unknown): string {
    return typeof value === 'string' ? value : '';
}
