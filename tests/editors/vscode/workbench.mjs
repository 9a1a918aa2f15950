// A real VS Code in a browser without a screen: code-server with our VSIX, and a page that shows it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, beforeEach } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';

export const ROOT = path.resolve(import.meta.dirname, '../../..');
const VSIX = path.join(ROOT, 'editors/vscode/cwm-lsp.vsix');
const SHOTS = path.join(ROOT, 'out/vscode');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FIRST_PAGE_MS = 180_000;
const QUIET = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const ENTRY = createRequire(import.meta.url).resolve('code-server/package.json').replace('package.json', 'out/node/entry.js');

/** The tests of a file share one window: it is closed at the end, and after a failure, which it shows, none goes on. */
export function inOrder(workbench) {
    let failed = '';

    beforeEach(() => assert.equal(failed, '', 'an earlier part of the story failed'));

    afterEach(async (context) => {
        if (!context.passed && failed === '') {
            failed = context.name;
            await workbench()?.shot(`failed: ${context.name}`.replaceAll(/\W+/g, '-'));
        }
    });

    after(async () => await workbench()?.close());
}

/**
 * Start VS Code on a folder of `files` with machine `settings`. `env` is laid over the environment; the folder is
 * one that nobody has said to trust if `asksTrust`.
 */
export async function open(files, settings, env = {}, asksTrust = false) {
    if (!existsSync(VSIX)) {
        throw new Error('editors/vscode/cwm-lsp.vsix is not there: run `make vscode`.');
    }
    const home = mkdtempSync(path.join(tmpdir(), 'cwm-vscode-'));
    const folder = path.join(home, 'work space');
    const [data, extensions] = [path.join(home, 'data'), path.join(home, 'extensions')];
    write(folder, files);
    write(path.join(data, 'User'), { 'settings.json': JSON.stringify({ ...CALM, 'security.workspace.trust.enabled': asksTrust }) });
    // A remote window, which this is, takes settings of scope "machine" from the machine's own file alone.
    write(path.join(data, 'Machine'), { 'settings.json': JSON.stringify(settings) });
    const common = ['--user-data-dir', data, '--extensions-dir', extensions];
    execFileSync(process.execPath, [ENTRY, ...common, '--install-extension', VSIX], { stdio: 'pipe' });
    const port = await freePort();
    const server = spawn(process.execPath, [
        ENTRY, ...common, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry',
        '--disable-update-check', '--disable-getting-started-override', ...(asksTrust ? [] : ['--disable-workspace-trust']),
    // code-server would take its port from the environment before that of its command line.
    ], { stdio: 'ignore', env: { ...process.env, PORT: undefined, ...env }, detached: process.platform !== 'win32' });
    let browser;
    const close = async () => {
        await browser?.close();
        await ended(server);
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    };
    try {
        await answering(port);
        browser = await chromium.launch({ executablePath: browserPath(), args: QUIET });
        const page = await browser.newPage({
            viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'],
        });
        await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`, { timeout: FIRST_PAGE_MS });
        await page.locator('.monaco-workbench').waitFor({ timeout: FIRST_PAGE_MS });
        return new Workbench(page, folder, data, close);
    } catch (error) {
        await close();
        throw error;
    }
}

/** The page, as far as the stories need it. */
class Workbench {
    constructor(page, folder, data, close) {
        Object.assign(this, { page, folder, data, close });
    }

    /** Open a file of the folder by quick open. What else is found moves the rows, also under a click: then once more. */
    async file(name) {
        const tab = this.page.locator('.tab.active').filter({ has: this.page.getByText(name, { exact: true }) }).first();
        for (let left = 3; ; left -= 1) {
            await this.quick('Control+P', name, name);
            try {
                await tab.waitFor({ timeout: left > 1 ? 10_000 : 30_000 });
                break;
            } catch (error) {
                if (left === 1) {
                    throw error;
                }
            }
        }
        await this.page.locator('.editor-instance .view-line').first().waitFor();
    }

    /** Run a command by its title in the palette. */
    async command(title) {
        await this.quick('F1', `>${title}`, title);
    }

    /** Open the quick input by a key, type, and take a row. Whatever takes the focus closes it, so it is opened again. */
    async quick(key, typed, text) {
        const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
        for (let left = 3; ; left -= 1) {
            try {
                await this.page.keyboard.press(key);
                await this.page.locator('.quick-input-widget input').first().fill(typed, { timeout: 120_000 });
                await row.click({ timeout: 120_000 });
                return;
            } catch (error) {
                if (left === 1) {
                    throw error;
                }
                await this.page.keyboard.press('Escape');
            }
        }
    }

    /** Take an entry of the list that is open. */
    async pick(text) {
        const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
        await row.waitFor({ timeout: 60_000 });
        await row.click();
    }

    /** The frame whose address `wanted` says yes to, once there is one. */
    async frame(wanted, seconds = 60) {
        for (const last = Date.now() + seconds * 1000; Date.now() < last; await pause(200)) {
            const found = this.page.frames().find((frame) => wanted(frame.url()));
            if (found !== undefined) {
                return found;
            }
        }
        throw new Error(`No such frame among:\n${this.page.frames().map((frame) => frame.url()).join('\n')}`);
    }

    /** The visible lines of the editor, each with what stands at its end. */
    async lines() {
        return await this.page.evaluate(() => {
            const top = (element) => Number.parseInt(element.style.top, 10);
            const rows = [...document.querySelectorAll('.editor-instance .view-line')].sort((a, b) => top(a) - top(b));
            return rows.map((row) => {
                const ends = [...row.querySelectorAll('span')].map((span) => getComputedStyle(span, '::after').content);
                const shown = ends.filter((text) => text.startsWith('"')).map((text) => JSON.parse(text));
                return { source: row.textContent, shown: shown.join('') };
            }).map(({ source, shown }) => ({ source: source.replaceAll('\u00a0', ' '), shown: shown.replaceAll('\u00a0', ' ') }));
        });
    }

    /** Wait until `found` is true of the lines; they are the answer. */
    async until(found, what, seconds = 60) {
        const last = Date.now() + seconds * 1000;
        for (;;) {
            const lines = await this.lines();
            if (found(lines)) {
                return lines;
            }
            if (Date.now() > last) {
                const seen = lines.map(({ source, shown }) => `${source}   ${shown}`).join('\n');
                throw new Error(`${what}: not seen within ${seconds} s. The editor shows:\n${seen}`);
            }
            await pause(200);
        }
    }

    /** Keep a picture of the page in `out/vscode`. */
    async shot(name) {
        mkdirSync(SHOTS, { recursive: true });
        await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
    }
}

const CALM = {
    'chat.disableAIFeatures': true,
    'editor.cursorBlinking': 'solid',
    'extensions.ignoreRecommendations': true,
    'security.workspace.trust.startupPrompt': 'never',
    'telemetry.telemetryLevel': 'off',
    'terminal.integrated.gpuAcceleration': 'off',
    'workbench.reduceMotion': 'on',
    'workbench.startupEditor': 'none',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

function write(folder, files) {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
        writeFileSync(path.join(folder, name), text);
    }
}

function browserPath() {
    const named = process.env.CWM_CHROMIUM ?? BROWSERS.find((one) => existsSync(one));
    if (named === undefined) throw new Error('The story needs Chromium: name one in CWM_CHROMIUM.');
    return named;
}

async function freePort() {
    const probe = createServer();
    await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
}

async function answering(port) {
    for (let tries = 0; tries < 300; tries += 1) {
        try {
            await fetch(`http://127.0.0.1:${port}/healthz`);
            return;
        } catch {
            await pause(200);
        }
    }
    throw new Error('code-server does not answer.');
}

/** End code-server with its extension hosts. */
async function ended(server) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    if (process.platform === 'win32') {
        server.kill();
    } else {
        process.kill(-server.pid, 'SIGTERM');
    }
    await gone;
}
