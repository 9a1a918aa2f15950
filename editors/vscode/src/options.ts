// The editor's settings as the server wants them (docs/editors.md lists what it understands).

/** Reads one setting; `name` is without the leading `cwm.`. `undefined` where the user has set nothing. */
export type Read = (name: string) => unknown;

const SWITCHES = ['all', 'predictions', 'observed', 'divergence', 'lenses', 'diagnostics'] as const;

const PASSED = [
    'python', 'backend', 'model', 'endpoint', 'threshold',
    'maxEvents', 'maxBytes', 'maxDepth', 'maxSeconds', 'threads',
] as const;

/** Settings that the server takes at its start only: it has no word for "as if it had never been set". */
export const RESTARTING: readonly string[] = ['path', ...PASSED].map((name) => `cwm.${name}`);

/**
 * What goes into `initializationOptions` and `workspace/didChangeConfiguration`. Only what the user has set is
 * passed on, so that a project's `pyproject.toml` has its say. `python` is the interpreter that the editor knows
 * of, used where the setting is empty.
 */
export function serverOptions(read: Read, trusted: boolean, python: string): Record<string, unknown> {
    const show = Object.fromEntries(SWITCHES.map((name) => [name, read(`show.${name}`) ?? true]));
    const settings: Record<string, unknown> = python === '' ? {} : { python };
    for (const name of PASSED) {
        const value = read(name);
        if (value !== undefined && value !== null && value !== '') {
            settings[name] = value;
        }
    }
    return { trusted, show, ...settings };
}
