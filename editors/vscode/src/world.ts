// What the view "World Model" lists: what lines show, how often the model was right, and what if. Knows no editor.

import type { DebugStates, FragmentState, LineState, State, StatesParams } from './states.ts';

/** A row of the view. `context` says which actions it has; `line`, from 0, is where choosing it goes. */
export interface Row {
    label: string;
    description: string;
    tooltip: string;
    icon: string;
    context: string;
    open: boolean;
    children: Row[];
    line?: number;
    name?: string;
    changes?: Record<string, string>;
}

/** A branch that was asked for, with the future that the debug session answered (docs/protocol.md). */
export interface Future {
    changes: Record<string, string>;
    steps: { kind: string; line: number; probability: number; fragments: FragmentState[]; mark: boolean }[];
    differs: number | null;
    why: string;
    /** The line, as steps count them, at which the program stood. */
    from: number;
}

const ICONS: Record<State, string> = {
    observed: 'circle-small',
    agrees: 'check',
    differs: 'close',
    withheld: 'question',
    predicted: 'sparkle',
    computed: 'symbol-numeric',
    past: 'history',
    cut: 'ellipsis',
};

/** All rows. `source` gives the text of a line, from 0; `debugging` that values can be changed to ask what if. */
export function rows(
    params: StatesParams | DebugStates | undefined, futures: Future[], source: (line: number) => string, debugging: boolean,
): Row[] {
    if (params === undefined) {
        return [];
    }
    const score = params.summary === '' ? [] : [leaf(`Score so far: ${params.summary}`, '', 'target', 'score')];
    const surprises = params.divergences.map((one) => ({
        ...leaf(`Line ${one.at.line + 1}: ${one.message}`, one.call, 'debug-breakpoint-log', 'surprise'), line: one.at.line,
    }));
    const lines = params.lines.filter(({ fragments }) => fragments.length > 0).map((line) => lineRow(line, source, debugging));
    // What was asked for last is to be in sight, however small the view is.
    const asked = futures.map(futureRow).reverse().map((row, index) => ({ ...row, open: index === 0 }));
    return [...asked, ...score, ...surprises, ...lines];
}

/** `x = 3, y = 'a'` as the changes of a branch; a text of what is wrong where it is none. */
export function branchOf(typed: string): Record<string, string> | string {
    const changes: Record<string, string> = {};
    for (const part of parts(typed)) {
        const found = /^\s*([^\W\d]\w*)\s*=(?!=)\s*(\S.*?)\s*$/su.exec(part);
        if (found?.[1] === undefined || found[2] === undefined) {
            return `${part.trim() || 'Nothing'} is no "name = value".`;
        }
        changes[found[1]] = found[2];
    }
    return changes;
}

/** Splits at the commas that stand in no bracket and no quotes. */
function parts(text: string): string[] {
    const found = [''];
    let [depth, quote] = [0, ''];
    for (const one of text) {
        if (quote !== '') {
            quote = one === quote ? '' : quote;
        } else if (one === '"' || one === "'") {
            quote = one;
        } else if ('([{'.includes(one)) {
            depth += 1;
        } else if (')]}'.includes(one)) {
            depth -= 1;
        }
        if (one === ',' && depth === 0 && quote === '') {
            found.push('');
        } else {
            found[found.length - 1] += one;
        }
    }
    return found;
}

function lineRow(line: LineState, source: (line: number) => string, debugging: boolean): Row {
    const visit = line.visits > 1 ? `  ⟨${line.visit}/${line.visits}⟩` : '';
    return {
        label: `${line.at.line + 1}`,
        description: `${source(line.at.line).trim()}${visit}`,
        tooltip: line.fragments.map(({ words }) => words).join('\n'),
        icon: line.mark ? 'debug-breakpoint-log' : '',
        context: line.visits > 1 ? 'loop' : 'line',
        open: true,
        children: line.fragments.map((fragment) => fragmentRow(fragment, debugging, line.at.line)),
        line: line.at.line,
    };
}

function fragmentRow(fragment: FragmentState, debugging: boolean, line: number): Row {
    const context = debugging && fragment.name !== '' ? 'value' : 'said';
    return { ...leaf(fragment.text, '', ICONS[fragment.state] ?? 'circle-small', context), tooltip: fragment.words, name: fragment.name, line };
}

function futureRow(future: Future): Row {
    const changes = Object.entries(future.changes).map(([name, value]) => `${name} = ${value}`).join(', ');
    const ran = linesRun(future);
    const unsure = future.steps.some((step) => step.fragments.some(({ state }) => state === 'withheld'));
    const same = unsure ? 'no difference that the model is sure of' : 'no step differs';
    const first = future.differs === null ? same : `step ${future.differs + 1} is the first that differs`;
    return {
        ...leaf(`What if ${changes}`, [first, future.why].filter(Boolean).join('. '), 'git-branch', 'future'),
        changes: future.changes,
        children: future.steps.map((step, index) => ({
            ...leaf(`${ran[index]}`, step.fragments.map(({ text }) => text).join(' · ') || went(step), step.mark ? 'close' : 'circle-small', 'step'),
            tooltip: [`step ${index + 1}`, ...step.fragments.map(({ words }) => words)].join('\n'),
            line: (ran[index] ?? step.line) - 1,
        })),
    };
}

/** For each step the line whose execution led to it, at which its values stand elsewhere; for a call, that of the function. */
function linesRun(future: Future): number[] {
    const stands = [future.from];
    return future.steps.map(({ kind, line }) => {
        if (kind === 'call') {
            stands.push(line);
            return line;
        }
        const ran = stands.pop() ?? line;
        if (kind !== 'return') {
            stands.push(line);
        }
        return ran;
    });
}

/** Where a step went that changed nothing. */
function went({ kind, line }: { kind: string; line: number }): string {
    return kind === 'line' ? `→ line ${line}` : `→ ${kind}`;
}

function leaf(label: string, description: string, icon: string, context: string): Row {
    return { label, description, tooltip: [label, description].filter(Boolean).join('\n'), icon, context, open: false, children: [] };
}
