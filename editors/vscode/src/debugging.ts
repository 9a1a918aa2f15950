// Launch configurations of the debug type `cwm`. Every debugpy attribute is passed on as it is.

import type { CallArgument } from './calls.ts';

export interface Configuration {
    type: string;
    request: string;
    name: string;
    [key: string]: unknown;
}

/** The file in the editor, run under debugpy with predictions beside it. */
export function forFile(program = '${file}'): Configuration {
    return { name: 'CWM: this file', type: 'cwm', request: 'launch', program };
}

/** A predicted run of a call: stepped like any other, and nothing is run. */
export function forGhost(call: Omit<CallArgument, 'uri'>, program = '${file}'): Configuration {
    return {
        name: `CWM: predicted ${call.function}`,
        type: 'cwm',
        request: 'launch',
        program,
        ghost: true,
        function: call.function,
        arguments: call.arguments,
    };
}

/**
 * What F5 runs: `given` with what it leaves out, or the file in the editor when there is no launch.json.
 * `text` is what stands in the editor: who is to type something needs a terminal for it. `folder` is that of the
 * workspace, in which programs work, "" for a file outside of any.
 */
export function resolved(given: Partial<Configuration>, python: string, text = '', folder = ''): Configuration {
    const place = /\binput\s*\(|\bsys\.stdin\b/.test(text) ? 'integratedTerminal' : 'internalConsole';
    const config: Configuration = { name: 'CWM', type: 'cwm', request: 'launch', ...defined(given) };
    if (config.request === 'launch') {
        const aimed = ['program', 'module', 'code'].some((key) => key in config);
        Object.assign(config, aimed ? {} : { program: '${file}' });
        if (!isGhost(config)) {
            const [cwd, interpreter] = [folder === '' ? {} : { cwd: folder }, python === '' ? {} : { python }];
            Object.assign(config, { console: place, ...interpreter, ...cwd }, defined(given));
            if (config['console'] !== 'internalConsole') {
                // The debug console would open over the terminal, which then is hidden with what it asks.
                Object.assign(config, { internalConsoleOptions: 'neverOpen' }, defined(given));
            }
        }
    }
    return { cwmStates: true, ...config };
}

/** Whether a configuration runs whatever file is in the editor. */
export function isOfEditor(given: Partial<Configuration>): boolean {
    const aim = ['program', 'module', 'code'].map((key) => given[key]).filter((value) => value !== undefined);
    return aim.every((value) => value === '${file}');
}

/** Whether a configuration steps through a prediction. All others run the user's code. */
export function isGhost(config: Partial<Configuration>): boolean {
    return config['ghost'] === true || config['cwm'] === 'ghost';
}

/** A configuration of the Python extension's, to be run by `cwm`. */
export function adopted(config: Configuration): Configuration {
    return { ...config, type: 'cwm' };
}

function defined(given: Partial<Configuration>): Partial<Configuration> {
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
