// The words of the status item.

export type ServerState = 'off' | 'starting' | 'ready' | 'working' | 'missing' | 'failed';

/** What the item knows. `backend` and `model` are empty until the doctor has answered. */
export interface Facts {
    state: ServerState;
    backend: string;
    model: string;
    version: string;
    summary: string;
    shown: boolean;
    detail: string;
}

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
        ? [facts.shown ? '' : 'hidden', facts.summary]
        : [WORDS[facts.state]];
    return `${ICONS[facts.state]} ${[name, ...parts].filter((part) => part !== '').join(' · ')}`;
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
    ].filter((line) => line !== '');
}

/** Backend and model from what `cwm-lsp doctor --json` prints; empty where it does not say. */
export function modelOf(report: string): { backend: string; model: string } {
    try {
        const { backend } = JSON.parse(report) as { backend?: { chosen?: unknown; model?: unknown } };
        return { backend: text(backend?.chosen), model: text(backend?.model) };
    } catch {
        return { backend: '', model: '' }; // the doctor itself reports what is wrong, when it is asked
    }
}

function text(value: unknown): string {
    return typeof value === 'string' ? value : '';
}
