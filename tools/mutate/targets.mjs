// What is mutated: the compiled modules of a package, with their mutants, and what is known of them.
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { filesUnder, readJson } from '../lib/workspace.mjs';
import { randomFrom } from '../fuzz/random.mjs';
import { mutantsOf, parseModule } from './operators.mjs';
import { placeOf, probed } from './probes.mjs';

/** `mutation.json` of a package. */
export function readLedger(packagePath) {
  const path = join(packagePath, 'mutation.json');
  const {
    groups = {},
    tests = ['test/'],
    slow = [],
    equivalent = [],
    open = [],
  } = existsSync(path) ? readJson(path) : {};
  return { path, groups, tests, slow, equivalent, open };
}

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();

/** The source line of an offset of the compiled text. */
function lineFinder(compiled, map, source) {
  const lines = source.split('\n');
  return (offset) => {
    const before = compiled.slice(0, offset).split('\n');
    const { originalLine = 0 } = map.findEntry(before.length - 1, before.at(-1).length);
    return { line: originalLine + 1, text: lines[originalLine].trim() };
  };
}

/** Names mutants by their line and change, so that a name outlives edits elsewhere in the file. */
function named(mutants, compiled, find) {
  const seen = new Map();
  return mutants.map((mutant) => {
    const { line, text } = find(mutant.start);
    const to = mutant.replacement === ';' || mutant.replacement === '' ? '(nothing)' : oneLine(mutant.replacement);
    const change = `${oneLine(compiled.slice(mutant.start, mutant.end))} → ${to}`;
    const key = `${text}\n${change}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return { ...mutant, line, text, change: count === 1 ? change : `${change} (${count})` };
  });
}

function sampled(mutants, count, seed, name) {
  const random = randomFrom(seed, name);
  const rest = [...mutants];
  while (rest.length > count) rest.splice(random.below(rest.length), 1);
  return rest;
}

/** One file of a package: its mutants, those that are tried, and its probed code. `file` is `src/x.ts`. */
export function readTarget(packagePath, file, { index, sample, seed }) {
  const compiledPath = join(packagePath, 'dist', file.replace(/\.ts$/, '.js'));
  const compiled = readFileSync(compiledPath, 'utf8');
  const map = new SourceMap(readJson(`${compiledPath}.map`));
  const program = parseModule(compiledPath, compiled);
  const find = lineFinder(compiled, map, readFileSync(join(packagePath, file), 'utf8'));
  const { code, places } = probed(program, compiled, `__probe${index}`);
  const all = named(mutantsOf(program, compiled), compiled, find).map((mutant) => ({
    ...mutant,
    file,
    index,
    place: placeOf(places, mutant),
    path: compiledPath,
    code: compiled.slice(0, mutant.start) + mutant.replacement + compiled.slice(mutant.end),
  }));
  return { file, compiledPath, probedCode: code, all, tried: sampled(all, sample, seed, file) };
}

/** The compiled tests of a package that need no process of their own. @param tests How the paths of their sources start. */
export function testFilesOf(packagePath, tests) {
  const dist = join(packagePath, 'dist');
  return filesUnder(
    join(dist, 'test'),
    (path) => path.endsWith('.test.js') && !path.endsWith('.process.test.js'),
  ).filter((path) => {
    const source = relative(dist, path).replace(/\.js$/, '.ts');
    return tests.some((start) => source.startsWith(start)) && existsSync(join(packagePath, source));
  });
}
