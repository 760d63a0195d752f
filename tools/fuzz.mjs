// Runs the fuzz targets (packages/**/fuzz/*.fuzz.ts, compiled).
//
//   node tools/fuzz.mjs [--smoke] [--target name] [--seed N] [--iterations N] [--seconds N]
//                       [--reproduce file]
//
// A target exports `seeds` (byte strings, or a function that returns them) and `fuzz(bytes)`, which
// returns normally, or a promise that resolves, for anything it accepts and swallows only EnclosError. Anything else that is
// thrown is a finding, as is an input that takes more than a second. The inputs are seeded
// mutations: the same seed, target and number of iterations give the same inputs everywhere.
// The shape of a target is that of Jazzer.js, for runs that are guided by coverage.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { runTarget } from './fuzz/target.mjs';
import { filesUnder, fromRoot, root, workspaces } from './lib/workspace.mjs';

const smokeIterations = 1000;

function fail(message) {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name, text) {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) fail(`--${name} is a whole number`);
  return Number(text);
}

function readOptions() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      smoke: { type: 'boolean', default: false },
      target: text,
      seed: text,
      iterations: text,
      seconds: text,
      reproduce: text,
    },
  });
  const seconds = wholeNumber('seconds', values.seconds);
  const iterations =
    wholeNumber('iterations', values.iterations) ?? (seconds === undefined ? smokeIterations : Infinity);
  const seed = wholeNumber('seed', values.seed) ?? (values.smoke || seconds === undefined ? 1 : Date.now() % 1e9);
  if (values.reproduce !== undefined && values.target === undefined) fail('--reproduce needs --target');
  return {
    wanted: values.target,
    run: {
      seed,
      iterations,
      untilMs: seconds === undefined ? undefined : seconds * 1000,
      onlyInput: values.reproduce === undefined ? undefined : Uint8Array.from(readFileSync(values.reproduce)),
    },
  };
}

/** Every target, by source; one that is not compiled must not pass in silence. */
function findTargets() {
  return workspaces().flatMap(({ path, folder }) =>
    filesUnder(join(path, 'fuzz'), (file) => file.endsWith('.fuzz.ts')).map((source) => ({
      name: `${basename(folder)}/${basename(source, '.fuzz.ts')}`,
      file: join(path, 'dist', relative(path, source)).replace(/\.ts$/, '.js'),
    })),
  );
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

function printResult({ name, iterations, seeds, ms, findings }) {
  const rate = ms > 0 ? `, ${Math.round((iterations / ms) * 1000)} inputs/s` : '';
  console.log(`${findings.length > 0 ? 'FAIL' : 'ok  '} ${name}: ${seeds} seeds, ${iterations} inputs${rate}`);
  for (const { text, path, sizeBytes } of findings) {
    console.log(`  finding: ${text.replaceAll('\n', '\n    ')}`);
    console.log(`    input (${sizeBytes} bytes): ${path}`);
    console.log(`    again: node tools/fuzz.mjs --target ${name} --reproduce ${path}`);
  }
}

const { wanted, run } = readOptions();
const targets = findTargets();
const chosen = targets.filter(({ name }) => wanted === undefined || name === wanted || name.endsWith(`/${wanted}`));
if (chosen.length === 0) {
  fail(
    `No fuzz target${wanted === undefined ? '' : ` named ${wanted}`}. Targets: ${targets.map(({ name }) => name).join(', ')}`,
  );
}

console.log(`fuzz: seed ${run.seed}, commit ${commit()}`);
const results = [];
for (const target of chosen) {
  const result = existsSync(target.file)
    ? await runTarget(target, run)
    : { name: target.name, iterations: 0, seeds: 0, ms: 0, findings: [] };
  const missing = !existsSync(target.file);
  if (missing) console.log(`FAIL ${target.name}: not compiled (npx tsc -b --force): ${fromRoot(target.file)}`);
  else printResult(result);
  results.push({ ...result, missing });
}
const total = (count) => results.reduce((sum, result) => sum + count(result), 0);
const findings = total((result) => result.findings.length);
console.log(`fuzz: ${results.length} targets, ${total((result) => result.iterations)} inputs, ${findings} findings`);
process.exitCode = findings > 0 || results.some(({ missing }) => missing) ? 1 : 0;
