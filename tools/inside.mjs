// Builds the programs that run inside platforms where an enclave has no loader of the software platform's:
// `npm run build` and the check run it, after the compiler.
//
//   node tools/inside.mjs
//
// - packages/gramine/dist/program/enclos-gramine.mjs: the program inside Gramine, one ES module. Its SHA-256 goes into
//   the Gramine manifest, so the same sources give the same bytes in any folder.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './lib/workspace.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'packages/gramine/package.json'), 'utf8'));
const file = 'packages/gramine/dist/program/enclos-gramine.mjs';

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'packages/gramine/dist/src/program.js')],
  outfile: join(root, file),
  bundle: true,
  platform: 'node',
  format: 'esm',
  // The interpreter that enclaves run on.
  target: 'node24',
  // What an enclave holds of the error registry.
  conditions: ['enclos-inside'],
  // Readable: whoever reviews what is measured reads this file.
  minify: false,
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: `/*! @enclos/gramine ${version}. Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0 */` },
  metafile: true,
  logLevel: 'silent',
});

const others = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'));
const bytes = readFileSync(join(root, file));
console.log(`${file}: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`);
if (others.length > 0) {
  console.log(`It holds packages of others: ${others.join(', ')}`);
  process.exitCode = 1;
}
