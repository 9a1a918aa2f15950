// What `cwm/states` says, and where it is drawn. Shapes are those of docs/protocol.md. Nothing here knows
// the editor, so that it is tested without one.

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
    words: string;
}

/** What one line shows: its pieces in order, and whether the first divergence is here. */
export interface Drawing {
    line: number;
    character: number;
    pieces: Piece[];
    mark: boolean;
    visits: number;
}

/** Pieces to a line at most; the server keeps to fewer, and what is over is joined to the last. */
export const SLOTS = 6;

const SEPARATOR = ' · ';

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

/** The drawings of a document, one for each line that shows anything. */
export function drawings(params: StatesParams): Drawing[] {
    return params.lines.map((line) => ({
        line: line.at.line,
        character: line.at.character,
        pieces: pieces(line),
        mark: line.mark,
        visits: line.visits,
    }));
}

/**
 * Whether values worked out for `params` may be drawn on this version of the document. Without a version they
 * belong to the file on disk, so that an unsaved document shows none.
 */
export function fits(params: StatesParams, version: number, unsaved: boolean): boolean {
    return params.version === null ? !unsaved : params.version === version;
}

function pieces(line: LineState): Piece[] {
    const all: Piece[] = line.fragments.map((fragment, index) => ({
        text: (index > 0 ? SEPARATOR : '') + fragment.text,
        tone: fragment.dimmed ? 'dimmed' : TONES[fragment.state] ?? 'observed',
        words: fragment.words,
    }));
    if (line.visits > 1) {
        const words = `visit ${line.visit} of ${line.visits}`;
        all.push({ text: `  ⟨${line.visit}/${line.visits}⟩`, tone: 'observed', words });
    }
    const rest = all.splice(SLOTS);
    const last = all.at(-1);
    if (last !== undefined && rest.length > 0) {
        last.text += rest.map((piece) => piece.text).join('');
        last.words = [last.words, ...rest.map((piece) => piece.words)].join('; ');
    }
    return all;
}

/** What a debug session says at a stop (the event `cwm/states` of DAP); empty lines when the program goes on. */
export interface DebugStates extends StatesParams {
    threadId: number;
    stop: number;
    past: number;
}
