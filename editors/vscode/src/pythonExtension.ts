// The interpreter that the Python extension chose, where that extension is installed.

import * as vscode from 'vscode';

/** As much of the extension's published API as is used. */
interface PythonApi {
    environments?: {
        getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
        resolveEnvironment(path: unknown): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
        onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
    };
}

/** Its path, or "" where there is no such extension or it has chosen none. */
export async function interpreterOf(resource?: vscode.Uri): Promise<string> {
    const environments = (await api())?.environments;
    if (environments === undefined || !vscode.workspace.isTrusted) {
        return '';
    }
    const found = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(resource));
    return found?.executable.uri?.fsPath ?? '';
}

/** Calls `listener` whenever another interpreter is chosen. */
export async function onInterpreterChange(listener: () => void): Promise<vscode.Disposable> {
    const event = (await api())?.environments?.onDidChangeActiveEnvironmentPath;
    return event === undefined ? new vscode.Disposable(() => {}) : event(listener);
}

async function api(): Promise<PythonApi | undefined> {
    return await vscode.extensions.getExtension<PythonApi>('ms-python.python')?.activate();
}
