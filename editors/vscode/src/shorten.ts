// Texts cut to the room at the end of a line, so that verdicts and what differs stay in sight. The Neovim plugin
// cuts in the same way (`lua/cwm/render.lua`); tests/editors/shorten.json holds both to it.

const SEPARATOR = ' · ';
/** The cells below which a value says nothing any more, and one beside another that was predicted. */
const [SHORTEST, SHORTEST_PAIR] = [12, 40];
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /[\p{Mn}\p{Me}\u200b-\u200d]/u;

/** How many cells of a fixed-width font a text takes. */
export function cells(text: string): number {
    let count = 0;
    for (const one of text) {
        count += WIDE.test(one) ? 2 : COMBINING.test(one) ? 0 : 1;
    }
    return count;
}

/** As many of `texts` as `room` cells have a place for, joined by dots and cut where they must be. The last give way first. */
export function fitted(texts: string[], room: number): string[] {
    const kept = [...texts];
    while (kept.length > 1 && room < kept.reduce((sum, one) => sum + SEPARATOR.length + least(one), -SEPARATOR.length)) {
        kept.pop();
    }
    let left = room;
    return kept.map((text, index) => {
        const later = kept.slice(index + 1);
        const share = Math.floor((left - later.length * SEPARATOR.length) / (later.length + 1));
        const needed = later.reduce((sum, one) => sum + SEPARATOR.length + cells(one), 0);
        const cut = shorten(text, Math.max(share, left - needed, least(text)));
        left -= cells(cut) + SEPARATOR.length;
        return (index > 0 ? SEPARATOR : '') + cut;
    });
}

function least(text: string): number {
    return Math.min(cells(text), text.includes(' ✗ ') ? SHORTEST_PAIR : SHORTEST);
}

/** Cut the values of a text, and keep its verdict, which stands at its end. Of two values that differ late in both, what differs is kept. */
export function shorten(text: string, width: number): string {
    if (cells(text) <= width) {
        return text;
    }
    const tail = / ✓$| · \d+ %$| ↶$/u.exec(text)?.[0] ?? '';
    const body = text.slice(0, text.length - tail.length);
    const room = width - cells(tail);
    const at = body.indexOf(' ✗ ');
    if (at < 0) {
        return clip(body, room) + tail;
    }
    const [observed, predicted] = [body.slice(0, at), body.slice(at)];
    const left = Math.min(cells(observed), Math.max(Math.floor(room / 2), room - cells(predicted)));
    const [, name, value] = /^(\S+ = |\S+ )(.*)$/su.exec(observed) ?? [];
    const [, words, expected] = /^( ✗ predicted )(.*)$/su.exec(predicted) ?? [];
    if (name === undefined || value === undefined || words === undefined || expected === undefined) {
        return clip(observed, left) + clip(predicted, room - left) + tail;
    }
    const focus = value === expected ? 0 : inCommon(value, expected);
    return [
        name, clipAround(value, left - cells(name), focus),
        words, clipAround(expected, room - left - cells(words), focus), tail,
    ].join('');
}

function clip(text: string, width: number): string {
    if (cells(text) <= width) {
        return text;
    }
    let [kept, used] = ['', 0];
    for (const one of text) {
        used += cells(one);
        if (used > width - 1) {
            break;
        }
        kept += one;
    }
    return `${kept}…`;
}

/** Cut a value so that what stands at a character stays in sight: its beginning too, behind a bracket or a comma. */
function clipAround(text: string, width: number, focus: number): string {
    const characters = [...text];
    if (cells(text) <= width || cells(characters.slice(0, focus).join('')) < width - 2) {
        return clip(text, width);
    }
    let rest = text;
    for (let index = 0; index < focus; index += 1) {
        if ('([{,'.includes(characters[index] ?? ' ')) {
            rest = `…${characters.slice(index + 1).join('').trim()}`;
            if (cells(rest) <= width) {
                break;
            }
        }
    }
    return clip(rest, width);
}

/** How many characters two texts begin with in common. */
function inCommon(one: string, other: string): number {
    const [mine, theirs] = [[...one], [...other]];
    const differs = mine.findIndex((character, index) => character !== theirs[index]);
    return differs < 0 ? mine.length : differs;
}
