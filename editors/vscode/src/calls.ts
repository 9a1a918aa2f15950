// Which call of a function a command means: found among the server's own lenses, so that editor and server agree.

export interface CallArgument {
    uri: string;
    function: string;
    arguments: string;
}

/** Lines that a header has at most: those of one that is being written and does not end are not all gone through. */
const LONGEST_HEADER = 40;

/** As much of a code lens as is looked at. */
export interface Lens {
    range: { start: { line: number } };
    command?: { command: string; arguments?: unknown[] } | undefined;
}

/** A function or method as its header has it: `Box.add`, and the text between its parentheses. */
export interface Header {
    name: string;
    parameters: string;
}

/** The function or method around a line, counted from 0; `undefined` outside of any. */
export function functionAt(lines: readonly string[], line: number): Header | undefined {
    const start = Math.min(line, lines.length - 1);
    let indent = inside(lines[start] ?? '');
    let names: { name: string; isClass: boolean; at: number }[] = [];
    for (let at = start; at >= 0 && indent > 0; at -= 1) {
        const text = lines[at] ?? '';
        const found = /^(\s*)(?:async\s+)?(def|class)\s+([^\W\d]\w*)/u.exec(text);
        const deep = found?.[1]?.length ?? 0;
        if (found !== null && deep < indent) {
            indent = deep;
            names = [{ name: found[3] ?? '', isClass: found[2] === 'class', at }, ...names];
        } else if (/^[^\s#)\]}@'"]/.test(text)) {
            return undefined;
        }
    }
    const first = names.findIndex(({ isClass }) => !isClass);
    if (indent > 0 || first < 0) {
        return undefined;
    }
    const name = names.slice(0, first + 1).map((one) => one.name).join('.');
    return { name, parameters: parametersAt(lines.slice(names[first]?.at)) };
}

/** The text between the parentheses of the header that `lines` begin with, on one line; "…" where they do not close. */
function parametersAt(lines: readonly string[]): string {
    const code = lines.slice(0, LONGEST_HEADER).join('\n');
    let [text, depth, quote] = ['', 0, ''];
    for (let at = code.indexOf('('); at >= 0 && at < code.length; at += 1) {
        const one = code.charAt(at);
        if (quote !== '') {
            quote = one === quote ? '' : quote;
        } else if (one === '#') {
            at = code.indexOf('\n', at) - 1;
            continue;
        } else if (one === '"' || one === "'") {
            quote = one;
        } else if ('([{'.includes(one)) {
            depth += 1;
        } else if (')]}'.includes(one) && (depth -= 1) === 0) {
            return text.slice(1).replaceAll(/\s+/g, ' ').trim().replace(/,$/, '');
        }
        text += one;
    }
    return '…';
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

/** A call as the user typed it, `f(1, b=2)`, `Box(3).add(4)` or only `1, b=2`, for the function `name`. */
export function typedCall(uri: string, name: string, typed: string): CallArgument {
    const text = typed.trim();
    const [owner, method] = [name.slice(0, Math.max(0, name.lastIndexOf('.'))), name.slice(name.lastIndexOf('.') + 1)];
    const ofObject = owner !== '' && text.startsWith(`${owner}(`) && text.includes(`).${method}(`);
    // The server puts a call that was parted at its first parenthesis together again.
    const called = ofObject ? owner : name;
    const whole = text.startsWith(`${called}(`) && text.endsWith(')');
    return { uri, function: called, arguments: whole ? text.slice(called.length + 1, -1) : text };
}

function isCall(value: unknown): value is CallArgument {
    return typeof value === 'object' && value !== null
        && typeof (value as CallArgument).function === 'string'
        && typeof (value as CallArgument).arguments === 'string';
}
