// The public DAP test client, by the authors of the protocol, drives sessions through the proxy.
// Needs CWM_LSP_PROGRAM (the command) and CWM_LSP_PYTHON (the interpreter of the program).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { DebugClient } from '@vscode/debugadapter-testsupport';

const PATIENCE = 120_000;
const SOURCE = `\
def total(xs):
    result = 0
    for x in xs:
        result = result + x
    return result


print("total:", total([4, 9]))
raise ValueError("the end")
`;
const [INSIDE, CALL, RAISES] = [4, 8, 9];

const program = process.env.CWM_LSP_PROGRAM;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cwm-dap-')));
const path = join(folder, 'program.py');
const launch = { program: path, python: [process.env.CWM_LSP_PYTHON], console: 'internalConsole', cwd: folder };

before(() => writeFileSync(path, SOURCE));
after(() => rmSync(folder, { recursive: true }));

function stories(start) {
    let client;

    beforeEach(async () => {
        client = new DebugClient(program, 'dap', 'debugpy');
        client.defaultTimeout = PATIENCE;
        await start(client);
    });
    afterEach(() => client.stop());

    async function atBreakpoint(breakpoint = { path, line: INSIDE }) {
        const stopped = client.waitForEvent('stopped');
        await client.hitBreakpoint(launch, breakpoint);
        const threadId = (await stopped).body.threadId;
        const frames = (await client.stackTraceRequest({ threadId })).body.stackFrames;
        return { threadId, frameId: frames[0].id };
    }

    test('stops at a breakpoint, shows and sets values, steps, and ends', async () => {
        const { threadId, frameId } = await atBreakpoint();
        const [scope] = (await client.scopesRequest({ frameId })).body.scopes;
        const { variablesReference } = scope;
        const { variables } = (await client.variablesRequest({ variablesReference })).body;
        assert.equal(variables.find((one) => one.name === 'x').value, '4');
        await client.setVariableRequest({ variablesReference, name: 'x', value: '40' });
        const watches = Array.from({ length: 8 }, (_, n) =>
            client.evaluateRequest({ expression: `x + ${n}`, frameId, context: 'watch' }),
        );
        const results = (await Promise.all(watches)).map((one) => one.body.result);
        assert.deepEqual(results, ['40', '41', '42', '43', '44', '45', '46', '47']);
        await client.setBreakpointsRequest({ source: { path }, breakpoints: [] });
        await Promise.all([client.nextRequest({ threadId }), client.assertStoppedLocation('step', { path, line: 3 })]);
        await Promise.all([
            client.assertOutput('stdout', 'total: 49', PATIENCE),
            client.waitForEvent('terminated'),
            client.continueRequest({ threadId }),
        ]);
    });

    test('steps in and out', async () => {
        const { threadId } = await atBreakpoint({ path, line: CALL });
        await Promise.all([client.stepInRequest({ threadId }), client.assertStoppedLocation('step', { path, line: 2 })]);
        await Promise.all([client.stepOutRequest({ threadId }), client.assertStoppedLocation('step', { path, line: CALL })]);
    });

    test('stops at an exception that nobody catches', async () => {
        const configured = client
            .waitForEvent('initialized')
            .then(() => client.setExceptionBreakpointsRequest({ filters: ['uncaught'] }))
            .then(() => client.configurationDoneRequest());
        await Promise.all([
            configured,
            client.launch(launch),
            client.assertStoppedLocation('exception', { path, line: RAISES }),
        ]);
    });
}

describe('over stdio', () => stories((client) => client.start()));

describe('over TCP', () => {
    let server;
    let port;

    before(async () => {
        server = spawn(program, ['dap', '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [line] = await once(createInterface({ input: server.stdout }), 'line');
        port = JSON.parse(line).port;
    });
    after(() => server.kill());

    stories((client) => client.start(port));
});
