// Bundles the extension into dist/, with the sample and the licences of what is bundled.

import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', '0BSD']);
const root = path.resolve('../..');

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.cjs',
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
    mainFields: ['module', 'main'],
    metafile: true,
    legalComments: 'none',
});
writeFileSync('dist/THIRD-PARTY.txt', notices(Object.keys(metafile.inputs)));
mkdirSync('dist/sample', { recursive: true });
copyFileSync(path.join(root, 'cwm_lsp/demo/scores.py'), 'dist/sample/scores.py');
copyFileSync(path.join(root, 'LICENSE'), 'LICENSE');

/** The licence of each bundled package in full; one that is not allowed ends the build. */
function notices(inputs) {
    const names = inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
    const packages = [...new Set(names.filter(Boolean))].sort();
    return packages.map((name) => {
        const folder = path.join('node_modules', name);
        const { version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
        if (!ALLOWED.has(license)) {
            throw new Error(`${name} ${version} is under ${license}, which the extension may not bundle.`);
        }
        const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
        const text = file && existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), 'utf8') : '';
        return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    }).join(`\n${'-'.repeat(80)}\n\n`);
}
