// Which call of a function a command means: found among the server's own lenses, so that editor and server agree.

export interface CallArgument {
    uri: string;
    function: string;
    arguments: string;
}

/** As much of a code lens as is looked at. */
export interface Lens {
    range: { start: { line: number } };
    command?: { command: string; arguments?: unknown[] } | undefined;
}

/** The function or method around a line, counted from 0: `Box.add`; `undefined` outside of any. */
export function functionAt(lines: readonly string[], line: number): string | undefined {
    const start = Math.min(line, lines.length - 1);
    let indent = inside(lines[start] ?? '');
    let names: { name: string; isClass: boolean }[] = [];
    for (let at = start; at >= 0 && indent > 0; at -= 1) {
        const text = lines[at] ?? '';
        const found = /^(\s*)(?:async\s+)?(def|class)\s+([^\W\d]\w*)/u.exec(text);
        const deep = found?.[1]?.length ?? 0;
        if (found !== null && deep < indent) {
            indent = deep;
            names = [{ name: found[3] ?? '', isClass: found[2] === 'class' }, ...names];
        } else if (/^[^\s#)\]}@'"]/.test(text)) {
            return undefined;
        }
    }
    const first = names.findIndex(({ isClass }) => !isClass);
    return indent > 0 || first < 0 ? undefined : names.slice(0, first + 1).map(({ name }) => name).join('.');
}

/** A header around a line stands less deep than this; a header is around itself. */
function inside(text: string): number {
    if (/^\s*($|#|[)\]}])/.test(text)) {
        return Number.POSITIVE_INFINITY;
    }
    const indent = /^\s*/.exec(text)?.[0].length ?? 0;
    return /^\s*(async\s+)?(def|class)\s/.test(text) ? indent + 1 : indent;
}

/** The calls that lenses offer for `command`, each once; those of `name` if it is given. */
export function callsOf(lenses: readonly Lens[], command: string, name?: string): CallArgument[] {
    const found = new Map<string, CallArgument>();
    for (const lens of lenses) {
        const argument = lens.command?.command === command ? lens.command.arguments?.[0] : undefined;
        if (isCall(argument) && (name === undefined || argument.function === name)) {
            found.set(callText(argument), argument);
        }
    }
    return [...found.values()];
}

/** `mean_above([4, 9, 2, 7], 3)` */
export function callText(call: CallArgument): string {
    return `${call.function}(${call.arguments})`;
}

/** A call as the user typed it, `f(1, b=2)` or only `1, b=2`, for the function `name`. */
export function typedCall(uri: string, name: string, typed: string): CallArgument {
    const text = typed.trim();
    const whole = text.startsWith(`${name}(`) && text.endsWith(')');
    return { uri, function: name, arguments: whole ? text.slice(name.length + 1, -1) : text };
}

function isCall(value: unknown): value is CallArgument {
    return typeof value === 'object' && value !== null
        && typeof (value as CallArgument).function === 'string'
        && typeof (value as CallArgument).arguments === 'string';
}
