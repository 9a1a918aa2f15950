// Shapes of `cwm.repair` (docs/protocol.md), and how its answers are put to the user. Knows no editor.

import type { Position } from './states.ts';

export interface Answer {
    call: string;
    gives: string;
}

export interface RepairArgument {
    uri: string;
    kind: 'doctest' | 'test' | 'call';
    name: string;
    expect?: string | null;
    answers?: Answer[];
    seconds?: number | null;
}

export interface FixState {
    title: string;
    verified: boolean;
    uri: string;
    version: number | null;
    edits: { range: { start: Position; end: Position }; newText: string }[];
    diff: string;
    evidence: string[];
}

export interface QuestionState {
    call: string;
    choices: string[];
    words: string;
}

export interface RepairResult {
    status: 'verified' | 'plausible' | 'none';
    fixes: FixState[];
    question: QuestionState | null;
    tried: number;
    seconds: number;
    notes: string[];
}

export interface ShouldBeArgument {
    uri: string;
    function: string;
    arguments: string;
    observed: string;
}

/** What is asked for: the call with the value that the user says it should give. */
export function wishFor(call: ShouldBeArgument, expect: string): RepairArgument {
    return { uri: call.uri, kind: 'call', name: `${call.function}(${call.arguments})`, expect };
}

/** What is looked for, as it stands in a title: of a test without its file. */
export function wished({ kind, name }: RepairArgument): string {
    return kind === 'test' ? name.slice(name.indexOf('::') + 2) : kind === 'doctest' ? `the doctest of ${name}` : name;
}

/** `argument` with one more thing that must hold. */
export function answered(argument: RepairArgument, question: QuestionState, gives: string): RepairArgument {
    return { ...argument, answers: [...(argument.answers ?? []), { call: question.call, gives }] };
}

/** Whether an action's data asks for a search, and is no fix that was found. */
export function isSearch(data: unknown): data is RepairArgument {
    return typeof data === 'object' && data !== null && 'kind' in data && 'name' in data && !('edits' in data);
}

/** The changed lines of a unified diff, on one line: `- if x >= floor  + if x > floor`. */
export function shortDiff(diff: string): string {
    const lines = diff.split('\n').filter((line) => /^[-+](?![-+])/.test(line));
    return lines.map((line) => `${line[0]} ${line.slice(1).trim()}`).join('   ');
}

/** One sentence on a search that found nothing. */
export function nothing(result: RepairResult): string {
    if (result.tried === 0) {
        return ['No edit was tried: none was found to try, or the time was over before.', ...result.notes].join(' ');
    }
    const tried = result.tried.toLocaleString('en');
    return [`${tried} edits were tried in ${Math.round(result.seconds)} s, and none makes it hold.`, ...result.notes].join(' ');
}
