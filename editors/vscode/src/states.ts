// What `cwm/states` says, and where it is drawn. Shapes are those of docs/protocol.md. Nothing here knows
// the editor, so that it is tested without one.

import { cells, fitted } from './shorten.ts';

export interface Position {
    line: number;
    character: number;
}

export type State =
    | 'observed' | 'agrees' | 'differs' | 'withheld' | 'predicted' | 'computed' | 'past' | 'cut';

export interface FragmentState {
    text: string;
    state: State;
    words: string;
    name: string;
    dimmed: boolean;
}

export interface LineState {
    at: Position;
    fragments: FragmentState[];
    mark: boolean;
    visit: number;
    visits: number;
}

export interface DivergenceState {
    at: Position;
    call: string;
    step: number;
    kind: string;
    name: string;
    observed: string;
    predicted: string;
    probability: number;
    message: string;
}

export interface StatesParams {
    uri: string;
    version: number | null;
    lines: LineState[];
    divergences: DivergenceState[];
    summary: string;
}

/** A piece of text at a line's end. `tone` is the name of a theme colour without its `cwm.`. */
export interface Piece {
    text: string;
    tone: 'observed' | 'agrees' | 'differs' | 'predicted' | 'dimmed';
}

/** What one line shows: its pieces in order, a sentence for each of its values, and whether the first divergence is here. */
export interface Drawing {
    line: number;
    character: number;
    pieces: Piece[];
    words: string[];
    mark: boolean;
    visits: number;
}

/** Pieces to a line at most; the server keeps to fewer, and what is over is joined to the last. */
export const SLOTS = 6;

const TONES: Record<State, Piece['tone']> = {
    observed: 'observed',
    agrees: 'agrees',
    differs: 'differs',
    withheld: 'observed',
    predicted: 'predicted',
    computed: 'observed',
    past: 'observed',
    cut: 'observed',
};

/** The drawings of a document, one for each line that shows anything. `room` says how many cells a line's values may take. */
export function drawings(params: StatesParams, room: (line: number) => number = () => Infinity): Drawing[] {
    return params.lines.map((line) => ({
        line: line.at.line,
        character: line.at.character,
        pieces: pieces(line, room(line.at.line)),
        words: words(line),
        mark: line.mark,
        visits: line.visits,
    }));
}

/** All that a line says, whole, a sentence for each value. */
export function words(line: LineState): string[] {
    return line.fragments.map((one) => (one.name === '' ? one.words : `${one.name}: ${one.words}`));
}

/**
 * Whether values worked out for `params` may be drawn on this version of the document. Without a version they
 * belong to the file on disk, so that an unsaved document shows none.
 */
export function fits(params: StatesParams, version: number, unsaved: boolean): boolean {
    return params.version === null ? !unsaved : params.version === version;
}

function pieces(line: LineState, room: number): Piece[] {
    const visit = line.visits > 1 ? `  ⟨${line.visit}/${line.visits}⟩` : '';
    const texts = fitted(line.fragments.map(({ text }) => text), room - cells(visit));
    const all = texts.map((text, index) => ({ text, tone: tone(line.fragments[index]) }));
    if (visit !== '') {
        all.push({ text: visit, tone: 'observed' });
    }
    const rest = all.splice(SLOTS);
    const last = all.at(-1);
    if (last !== undefined) {
        last.text += rest.map(({ text }) => text).join('');
    }
    return all;
}

function tone(fragment: FragmentState | undefined): Piece['tone'] {
    return fragment?.dimmed ? 'dimmed' : TONES[fragment?.state ?? 'observed'] ?? 'observed';
}

/** What a debug session says at a stop (the event `cwm/states` of DAP); empty lines when the program goes on. */
export interface DebugStates extends StatesParams {
    threadId: number;
    stop: number;
    past: number;
}
