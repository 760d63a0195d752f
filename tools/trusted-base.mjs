// Holds what is inside enclaves: the size of the trusted runtime, and every package that is not ours.
//
//   node tools/trusted-base.mjs [--write]
//
// - A trivial enclave holds fewer than 3,000 formatted lines of ours (what a formatted line is says
//   packages/delivery/builder/src/node/trusted-base.ts), and no package of anybody else.
// - Each sample and service holds exactly the packages of its trusted-base.json, by name, version and
//   size in formatted lines (--write writes it; without a file it holds none).
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesUnder, fromRoot, importBuilt, root, workspaces } from './lib/workspace.mjs';

const maxOwnLines = 3000;
const trivial = join(root, 'tests/kit/enclaves/trivial');
const listName = 'trusted-base.json';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const { buildEnclave, loadProject } = await importBuilt('packages/delivery/builder/dist/src/index.js');
const ours = new Set(
  workspaces()
    .filter(({ folder }) => folder.startsWith('packages/'))
    .map(({ name }) => name),
);

/** What is inside: the runtime, and the packages of others, without the application itself. */
async function contentOf(folder) {
  const outFolder = mkdtempSync(join(tmpdir(), 'enclos-trusted-base-'));
  try {
    const project = await loadProject(folder);
    const { report } = await buildEnclave(project, { outFolder });
    const application = [project.name, ...workspaces().map(({ name }) => name)];
    const own = report.packages.filter(({ name }) => ours.has(name));
    const others = report.packages
      .filter(({ name }) => !application.includes(name))
      .map(({ name, version, sourceLines }) => ({ name, version, sourceLines }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
    return { own, ownLines: own.reduce((sum, { sourceLines }) => sum + sourceLines, 0), others };
  } finally {
    rmSync(outFolder, { recursive: true, force: true });
  }
}

const describe = (packages) =>
  packages.length === 0
    ? 'none'
    : packages.map(({ name, version, sourceLines }) => `${name}@${version} (${sourceLines})`).join(', ');

async function checkTrivial() {
  const { own, ownLines, others } = await contentOf(trivial);
  console.log(`trivial enclave: ${ownLines} lines of ours, fewer than ${maxOwnLines} allowed`);
  for (const { name, sourceLines } of own) console.log(`  ${name.padEnd(24)} ${sourceLines}`);
  return [
    ...(ownLines < maxOwnLines ? [] : [`the trusted runtime has ${ownLines} lines, ${maxOwnLines} or more`]),
    ...(others.length === 0 ? [] : [`a trivial enclave holds packages of others: ${describe(others)}`]),
  ];
}

/** What holds nothing of others has no list. */
function writeList(path, others) {
  if (others.length === 0) rmSync(path, { force: true });
  else writeFileSync(path, `${JSON.stringify({ packages: others }, null, 2)}\n`);
}

async function checkList(folder) {
  const { ownLines, others } = await contentOf(folder);
  console.log(`${fromRoot(folder)}: ${ownLines} lines of ours; of others: ${describe(others)}`);
  const path = join(folder, listName);
  if (values.write) writeList(path, others);
  const listed = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : [];
  if (describe(listed) === describe(others)) return [];
  return [
    `${fromRoot(path)}: lists ${describe(listed)}`,
    `  inside are ${describe(others)}`,
    '  If that is meant, run: node tools/trusted-base.mjs --write',
  ];
}

/** A program is measured whole, and holds nothing of this runtime. */
const isProgram = (path) => JSON.parse(readFileSync(path, 'utf8')).program !== undefined;
const folders = ['samples', 'services']
  .flatMap((name) => filesUnder(join(root, name), (path) => path.endsWith('/enclave.json')))
  .filter((path) => !isProgram(path))
  .map(dirname);
const problems = await checkTrivial();
for (const folder of folders) problems.push(...(await checkList(folder)));
for (const problem of problems) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
