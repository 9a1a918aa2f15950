// Tables in hovers, which VS Code draws with no room between their columns.

/** Markdown with room after each cell of its tables, in spaces that markdown keeps. */
export function spaced(markdown: string): string {
    return markdown.replaceAll(/^\|.*\|$/gm, (row) => (/^[|:\- ]+$/.test(row) ? row : row.replaceAll(' |', '\u00a0\u00a0\u00a0 |')));
}
