// Builds the programs that run where no npm package is: `npm run build` and the check run it, after the compiler. Each is
// one ES module, and the same sources give the same bytes in any folder.
//
//   node tools/inside.mjs
//
// - packages/runtime/gramine/dist/program/enclos-gramine.mjs: the program inside Gramine. Its SHA-256 goes into the Gramine manifest;
// - packages/delivery/image/dist/program/start.mjs: the first program of a container, and platform.mjs, the software platform in it.
//   platform.licenses.txt has the licences of the packages of others in it, which NOTICE names.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { readJson, root } from './lib/workspace.mjs';

const programs = [
  {
    folder: 'packages/runtime/gramine',
    entry: 'packages/runtime/gramine/dist/src/program.js',
    file: 'packages/runtime/gramine/dist/program/enclos-gramine.mjs',
    // Errors without the advice for people.
    conditions: ['enclos-inside'],
  },
  {
    folder: 'packages/delivery/image',
    entry: 'packages/delivery/image/dist/src/program/start.js',
    file: 'packages/delivery/image/dist/program/start.mjs',
  },
  {
    folder: 'packages/delivery/image',
    entry: 'packages/runtime/software-sgx/dist/src/main.js',
    file: 'packages/delivery/image/dist/program/platform.mjs',
    // The provisioning PKI needs them; nothing of it is in an enclave.
    others: true,
  },
];

const folderOfPackage = (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];

/** The licences of packages of others, beside the program that holds them. @returns the packages that NOTICE lacks */
function writeLicenses(file, foreign) {
  const notice = readFileSync(join(root, 'NOTICE'), 'utf8');
  const folders = [...new Set(foreign.map(([path]) => folderOfPackage(path)))].toSorted((left, right) =>
    left < right ? -1 : 1,
  );
  const packages = folders.map((folder) => {
    const { name, version, license } = readJson(join(root, folder, 'package.json'));
    const text = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
    if (text === undefined) throw new Error(`${name} has no file with its licence.`);
    return { name, title: `${name} ${version} (${license})`, text: readFileSync(join(root, folder, text), 'utf8') };
  });
  const pages = packages.map(({ title, text }) => `${title}\n\n${text.trim()}\n`);
  writeFileSync(join(root, file.replace(/\.mjs$/, '.licenses.txt')), pages.join(`\n${'-'.repeat(80)}\n\n`));
  return packages.filter(({ name }) => !new RegExp(`(?:^|\\s)${name}[, ]`, 'm').test(notice)).map(({ name }) => name);
}

async function buildProgram({ folder, entry, file, conditions = [], others = false }) {
  const { name, version } = readJson(join(root, folder, 'package.json'));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outfile: join(root, file),
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The interpreter that enclaves run on, and an image has no other.
    target: 'node24',
    conditions,
    // Readable: whoever reviews what is measured, or what is in an image, reads this file.
    minify: false,
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: `/*! ${name} ${version}. Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0 */` },
    metafile: true,
    logLevel: 'silent',
  });
  const bytes = readFileSync(join(root, file));
  console.log(`${file}: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`);
  const parts = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const foreign = parts.filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('node_modules'));
  if (others) {
    const unnamed = writeLicenses(file, foreign);
    if (unnamed.length === 0) return;
    console.log(`NOTICE does not name ${unnamed.join(', ')}, which ${file} holds.`);
    process.exitCode = 1;
    return;
  }
  if (foreign.length === 0) return;
  console.log(`It holds packages of others: ${foreign.map(([path]) => path).join(', ')}`);
  process.exitCode = 1;
}

for (const program of programs) await buildProgram(program);
