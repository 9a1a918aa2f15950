// The question of a what-if: which values would be others.

import * as vscode from 'vscode';
import { branchOf } from './world.ts';

/** The values that the user types; `undefined` where the question was left. `name` is the one to begin with. */
export async function askChanges(words: string, name?: string): Promise<Record<string, string> | undefined> {
    const typed = await vscode.window.showInputBox({
        title: 'CWM: What if…',
        prompt: `Values as Python literals. ${words}`,
        placeHolder: 'total = 0, xs = [1, 2]',
        value: name === undefined ? '' : `${name} = `,
        valueSelection: name === undefined ? [0, 0] : [name.length + 3, name.length + 3],
        validateInput: (text) => {
            const found = text.trim() === '' ? {} : branchOf(text);
            return typeof found === 'string' ? found : undefined;
        },
    });
    const changes = typed === undefined ? '' : branchOf(typed);
    return typeof changes === 'string' ? undefined : changes;
}
