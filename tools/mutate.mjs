// Mutation test: changes the compiled code of a package in small ways, and expects its tests to notice.
//
//   node tools/mutate.mjs packages/ROOM/NAME[/src/file.ts]... [--group name] [--sample N] [--seed N]
//                         [--workers N] [--json file] [--again file] [--list]
//
// After a build. A mutant is run against the tests that reach its place, in a module graph of its own in
// one process, the likeliest killers first, until one fails. Files with more mutants than --sample (that of
// their group, or 150) are sampled, the same mutants for the same --seed. --json writes each result at once;
// --again tries only those that survived in such a file, after tests were added. `mutation.json` of the package has the groups of
// files, the test files that are run if not all, the tests that are too slow for every mutant, and the survivors that are known: `equivalent`,
// which no test could notice, and `open`. Any other survivor fails the run, as does an entry that is
// killed or names no mutant any more. Tests with a process of their own are not run.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { filesUnder, fromRoot, workspaces } from './lib/workspace.mjs';
import { pool, seconds } from './lib/run.mjs';
import { Planner } from './mutate/plan.mjs';
import { Asker } from './mutate/pool.mjs';
import { printResults } from './mutate/report.mjs';
import { readLedger, readTarget, testFilesOf } from './mutate/targets.mjs';

const defaultSample = 150;
const usage = 'usage: node tools/mutate.mjs packages/ROOM/NAME[/src/file.ts]... [--group name] [--sample N] [--seed N]';

function fail(message) {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) fail(`--${name} is a whole number from 1`);
  return Number(text);
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      group: { type: 'string', multiple: true, default: [] },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      json: { type: 'string' },
      again: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const paths = positionals.map((path) => resolve(path));
  const within = (path, folder) => path === folder || path.startsWith(`${folder}/`);
  const holds = (workspace) => paths.every((path) => within(path, workspace.path));
  const workspace = paths.length === 0 ? undefined : workspaces().find(holds);
  if (workspace === undefined) fail(usage);
  const numbers = Object.fromEntries(['seed', 'workers'].map((name) => [name, wholeNumber(name, values[name])]));
  const sample = values.sample === undefined ? undefined : wholeNumber('sample', values.sample);
  return { ...values, ...numbers, sample, packagePath: workspace.path, paths };
}

/** The files that were named, or those of the groups, or all. */
function chooseFiles({ packagePath, paths, group }, { groups }) {
  const unknown = group.filter((name) => groups[name] === undefined);
  if (unknown.length > 0) fail(`No group named ${unknown.join(', ')}. Groups: ${Object.keys(groups).join(', ')}`);
  if (group.length > 0) return group.flatMap((name) => groups[name].files);
  const inPackage = paths.filter((path) => path !== packagePath);
  const grouped = Object.values(groups).flatMap(({ files }) => files);
  if (inPackage.length === 0 && grouped.length > 0) return grouped;
  const chosen = inPackage.length > 0 ? inPackage : [join(packagePath, 'src')];
  return chosen
    .flatMap((path) => (path.endsWith('.ts') ? [path] : filesUnder(path, (file) => file.endsWith('.ts'))))
    .map((path) => relative(packagePath, path));
}

async function runBaseline(asker, targets) {
  const replaced = targets.map(({ compiledPath, probedCode }) => [compiledPath, probedCode]);
  const { result, ended } = await asker.ask({ kind: 'baseline', replaced }, 120_000);
  if (result === undefined) fail(`The tests did not end: ${ended}`);
  const failures = result.tests.filter(({ failure }) => failure !== undefined);
  for (const { file, name, failure } of failures) console.error(`${fromRoot(file)}: ${name}: ${failure}`);
  if (failures.length > 0) fail('These tests fail without any mutant.');
  return result;
}

async function runMutant(asker, planner, { code, ...mutant }) {
  const plan = planner.planFor(mutant);
  if (plan.length === 0) return { ...mutant, outcome: 'survived', tests: 0 };
  // The first test of a worker also loads everything; the machine may be busy.
  const limitMs = 8000 + 5 * Math.max(...plan.map(({ ms }) => ms));
  const { result, ended } = await asker.ask({ kind: 'mutant', path: mutant.path, code, plan }, limitMs);
  if (result === undefined) return { ...mutant, outcome: 'killed', by: ended, tests: plan.length };
  if (result.killer === undefined) return { ...mutant, outcome: 'survived', tests: plan.length };
  planner.killed(mutant, result.killer);
  return { ...mutant, outcome: 'killed', by: result.killer.name, tests: plan.length };
}

/** The mutants that survived by the results in a file. */
function survivedIn(path) {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const survivors = lines.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome === 'survived');
  const names = new Set(survivors.map(({ file, text, change }) => `${file} ${text} ${change}`));
  return ({ file, text, change }) => names.has(`${file} ${text} ${change}`);
}

const options = readOptions();
const ledger = readLedger(options.packagePath);
const files = chooseFiles(options, ledger);
const sampleOf = (file) =>
  options.sample ?? Object.values(ledger.groups).find(({ files: own }) => own.includes(file))?.sample ?? defaultSample;
const targets = files.map((file, index) =>
  readTarget(options.packagePath, file, { index, seed: options.seed, sample: sampleOf(file) }),
);
const chosen = targets.flatMap(({ tried }) => tried);
const mutants = options.again === undefined ? chosen : chosen.filter(survivedIn(options.again));
if (options.list) {
  const lines = mutants.map(({ file, line, change }) => `${file}:${line}: ${change}\n`);
  // A pipe takes what it has not taken yet only as long as the process runs.
  await new Promise((taken) => process.stdout.write(lines.join(''), taken));
  process.exit(0);
}

const startMs = performance.now();
const data = {
  sourceFolder: `${join(options.packagePath, 'dist/src')}/`,
  testFiles: testFilesOf(options.packagePath, ledger.tests),
  seed: options.seed,
};
const askers = Array.from({ length: options.workers }, () => new Asker(data));
const found = await runBaseline(askers[0], targets);
const planner = new Planner(found, ledger.slow);
console.log(`mutate: ${mutants.length} mutants, ${found.tests.length} tests, seed ${options.seed}`);

if (options.json !== undefined) writeFileSync(options.json, '');
const free = [...askers];
let done = 0;
const results = await pool(
  mutants.map((mutant) => async () => {
    const asker = free.pop();
    const result = await runMutant(asker, planner, mutant);
    free.push(asker);
    if (options.json !== undefined) appendFileSync(options.json, `${JSON.stringify(result)}\n`);
    done += 1;
    if (done % 100 === 0) {
      console.log(`  ${done} of ${mutants.length} (${seconds((performance.now() - startMs) / 1000)})`);
    }
    return result;
  }),
  options.workers,
);
for (const asker of askers) await asker.stop();
console.log(`mutate: ${seconds((performance.now() - startMs) / 1000)}`);
process.exitCode = printResults({ targets, results, ledger, groups: ledger.groups }) ? 0 : 1;
