// The one item in the status bar: model, state, and how often the model was right in this file.

import * as vscode from 'vscode';
import { type Facts, statusLines, statusText } from './statusText.ts';

export class StatusItem implements vscode.Disposable {
    private readonly item = vscode.window.createStatusBarItem('cwm.status', vscode.StatusBarAlignment.Right, 90);
    private facts: Facts = {
        state: 'off', backend: '', model: '', version: '', summary: '', shown: true, detail: '', trouble: '',
    };

    constructor() {
        this.item.name = 'CWM';
        this.item.command = 'cwm.menu';
    }

    /** What keeps the model from predicting, "" where nothing does. */
    get trouble(): string {
        return this.facts.trouble;
    }

    /** Take what has changed. */
    update(changed: Partial<Facts>): void {
        this.facts = { ...this.facts, ...changed };
        const lines = statusLines(this.facts);
        this.item.text = statusText(this.facts);
        this.item.tooltip = lines.join('\n');
        this.item.accessibilityInformation = { label: lines.join('. '), role: 'button' };
        this.item.show();
    }

    dispose(): void {
        this.item.dispose();
    }
}
