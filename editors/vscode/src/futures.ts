// What if: at a stop in the view "World Model", and on the trace page with both futures side by side.

import * as vscode from 'vscode';
import { askChanges } from './askChanges.ts';
import type { Server } from './server.ts';
import type { Sessions } from './sessions.ts';
import { showPage } from './tracePage.ts';
import type { Row } from './world.ts';

/** At a stop the answer is listed in the view; elsewhere the page opens for the run that the cursor's line shows. */
export async function whatIf(server: Server, sessions: Sessions, row?: Row): Promise<void> {
    if (sessions.stopped !== undefined) {
        return await sessions.whatIf(row?.name);
    }
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
        return;
    }
    const line = editor.selection.active.line;
    const changes = await askChanges(`The model says what would follow, if line ${line + 1} began with them; nothing is run.`);
    if (changes !== undefined) {
        await open(server, editor.document.uri.toString(), line, changes, null);
    }
}

/** The page of a future that the view lists. */
export async function openFutures(server: Server, sessions: Sessions, row?: Row): Promise<void> {
    const stopped = sessions.stopped;
    const standing = await sessions.standing();
    if (stopped !== undefined && standing !== undefined && row?.changes !== undefined) {
        await open(server, stopped.uri, standing.line, row.changes, standing.locals);
    }
}

async function open(server: Server, uri: string, line: number, changes: Record<string, string>, locals: Record<string, string> | null): Promise<void> {
    const found = await server.request<{ url: string }>('cwm.viewWhatIf', { uri, line, branches: [changes], locals });
    if (found !== undefined) {
        showPage(found.url, `What if ${Object.entries(changes).map(([name, value]) => `${name} = ${value}`).join(', ')}`);
    }
}
