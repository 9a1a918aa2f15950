// Tables in hovers, which VS Code draws with no room between their columns.

/** Markdown with room after each cell of its tables, in spaces that no renderer trims. */
export function spaced(markdown: string): string {
    return markdown.replaceAll(/^\|.*\|$/gm, (row) => (/^[|:\- ]+$/.test(row) ? row : row.replaceAll(' |', '&nbsp;&nbsp;&nbsp; |')));
}
