// The language client, as this extension wants it.

import {
    type CancellationToken,
    type ClientCapabilities,
    LanguageClient,
    type LanguageClientOptions,
    type MessageSignature,
    type ServerOptions,
    type StaticFeature,
} from 'vscode-languageclient/node';

/** Asks the server to send `cwm/states`, and to offer our command `cwm.shouldBe`. */
const statesFeature: StaticFeature = {
    fillClientCapabilities(capabilities: ClientCapabilities): void {
        capabilities.experimental = { ...capabilities.experimental, cwmStates: true, cwmShouldBe: true };
    },
    initialize() {},
    getState: () => ({ kind: 'static' }),
    clear() {},
};

/** The library's own, with our capabilities. */
export class Client extends LanguageClient {
    constructor(server: ServerOptions, options: LanguageClientOptions) {
        super('cwm', 'CWM', server, options);
        this.registerFeature(statesFeature);
    }

    /** A failed command is told by whoever asked for it: it would be shown once more, in words of the library's. */
    override handleFailedRequest<T>(
        type: MessageSignature, token: CancellationToken | undefined, error: unknown, value: T, told = true, throwOnCancel = false,
    ): T {
        return super.handleFailedRequest(type, token, error, value, told && type.method !== 'workspace/executeCommand', throwOnCancel);
    }
}
