// Builds what runs in browsers, and holds its size: `npm run build` and the check run it, after the compiler.
//
//   node tools/browser.mjs [folder]
//
// - packages/evidence/attestation/dist/browser/attestation.js: the verifier in one file, an ES module (README there);
// - packages/service/inference-client/dist/browser/inference-client.js: the client, to know what pages load with it;
// - apps/console/dist/site: the two pages of the console, with all their files;
// - samples/inference/dist/site: the page that has digits read.
//
// With a folder, what is below it alone.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundleForBrowsers, describeSize } from './browser/bundle.mjs';
import { root } from './lib/workspace.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'packages/evidence/attestation/package.json'), 'utf8'));
const banner = (what) => `/*! ${what} ${version}. Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0 */`;

const bundles = [
  {
    entry: 'packages/evidence/attestation/dist/src/browser.js',
    file: 'packages/evidence/attestation/dist/browser/attestation.js',
    format: 'esm',
    banner: banner('@enclos/attestation'),
    maximumGzippedBytes: 60_000,
  },
  {
    entry: 'apps/console/dist/src/page/main.js',
    file: 'apps/console/dist/site/console.js',
    // A page that is opened from a disk may not load a module.
    format: 'iife',
    banner: banner('Enclos console'),
    // With the readers of @enclos/evidence: docs/decisions/one-reader-of-evidence.md.
    maximumGzippedBytes: 76_000,
    files: [
      'apps/console/site/index.html',
      'apps/console/site/ledger.html',
      'apps/console/site/page.css',
      'apps/console/site/console.css',
      'apps/console/site/icon.svg',
      'apps/console/site/example.js',
    ],
  },
  {
    entry: 'apps/console/dist/src/ledger/main.js',
    file: 'apps/console/dist/site/ledger.js',
    format: 'iife',
    banner: banner('Enclos console, ledgers'),
    // With the curves, hashes and ciphers in JavaScript that WebCrypto does not give synchronously.
    maximumGzippedBytes: 60_000,
    beside: 'apps/console/dist/site/console.js',
  },
  {
    entry: 'packages/service/inference-client/dist/src/index.js',
    file: 'packages/service/inference-client/dist/browser/inference-client.js',
    format: 'esm',
    banner: banner('@enclos/inference-client'),
    maximumGzippedBytes: 62_000,
  },
  {
    entry: 'samples/inference/dist/src/page/main.js',
    file: 'samples/inference/dist/site/digits.js',
    format: 'iife',
    banner: banner('Enclos: draw a digit'),
    maximumGzippedBytes: 65_000,
    files: [
      'samples/inference/site/index.html',
      'samples/inference/site/digits.css',
      'apps/console/site/page.css',
      'apps/console/site/icon.svg',
    ],
  },
];
const [below = ''] = process.argv.slice(2);

let problems = 0;
for (const { maximumGzippedBytes, files = [], beside, ...spec } of bundles.filter(({ file }) =>
  file.startsWith(below),
)) {
  const { script, map } = await bundleForBrowsers({ ...spec, base: root });
  const folder = dirname(join(root, spec.file));
  // What goes beside another script goes into the folder that it has made.
  if (beside === undefined) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, spec.file), script);
  writeFileSync(`${join(root, spec.file)}.map`, map);
  for (const file of files) cpSync(join(root, file), join(folder, basename(file)));
  const { isTooLarge, text } = describeSize(script, maximumGzippedBytes);
  if (isTooLarge) problems += 1;
  console.log(`${spec.file}: ${text}`);
}
process.exitCode = problems > 0 ? 1 : 0;
