// The trace page of a document's results, beside the editor. The page is the server's; only a frame is made here.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { frame } from './frame.ts';
import type { Server } from './server.ts';

/** Open it, or bring it back. */
export async function openTrace(server: Server): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined) {
        return;
    }
    const found = await server.request<{ url: string }>('cwm.view', { uri: document.uri.toString() });
    if (found !== undefined) {
        showPage(found.url, `Trace: ${document.uri.path.split('/').at(-1) ?? ''}`);
    }
}

/** A page of the server's in a tab beside the editor. */
export function showPage(url: string, title: string): void {
    const options = { enableScripts: true, retainContextWhenHidden: true };
    const panel = vscode.window.createWebviewPanel('cwm.trace', title, vscode.ViewColumn.Beside, options);
    panel.webview.html = frame(url, randomBytes(16).toString('hex'));
}
