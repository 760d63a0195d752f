// Follows the pages below docs/tutorial and docs/how-to as a reader does: writes the files that they show, runs their
// commands, and compares what is printed with what they say is printed.
//
//   node tools/walkthroughs.mjs [page...]
//
// In a page,
//   ```ts file=src/app.ts     writes that file (any language); relative to the folder the reader is in
//   ```sh                     runs, in the folder where the last one ended; ```sh ignore: reason does not
//   ```sh until="TEXT"        runs until it prints the text, and is ended then
//   ```sh containers          runs on a private machine with podman, as root: the whole page does; elsewhere it is skipped
//   ```text                   is what the commands before it print: each line in turn, `…` for anything
// A page without commands is not followed. Pages that take ports are followed one after the other, and the others
// beside them. The reader is outside this repository, in a folder that has what a clone has after
// `npm ci && npm run packages`; the projects that the page makes beside it install those packages. The tarballs are of
// what is built: run `npm run build` before.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createWalk, inTemporaryFolder, isCommand, needsContainers, readersPlace } from './docs/walk.mjs';
import { containersMissing, onMachine } from './docs/walk-on-machine.mjs';
import { parseMarkdown } from './docs/markdown.mjs';
import { pool, seconds, totalsLine } from './lib/run.mjs';
import { filesUnder, fromRoot, root } from './lib/workspace.mjs';
import { packPackages } from './packages/pack.mjs';

const chosen = process.argv.slice(2);
const pages = ['docs/tutorial', 'docs/how-to']
  .flatMap((folder) => filesUnder(join(root, folder), (file) => file.endsWith('.md')))
  .map((path) => ({ name: fromRoot(path), ...parseMarkdown(readFileSync(path, 'utf8')) }))
  .filter(({ blocks }) => blocks.some(({ info }) => isCommand(info)))
  .filter(({ name }) => chosen.length === 0 || chosen.some((part) => name.includes(part)));

/** What a page shows names a port, or a program that may take one; containers have names for the whole machine. */
const taken = /\b(?:podman|serve|proxy|curl)\b|:\d{4,5}\b|\b(?:PORT=|port\W{1,3})\d/;
const takesPorts = ({ blocks }) => blocks.some(({ info, body }) => needsContainers(info) || taken.test(body));

const totals = { passed: 0, failed: 0, skipped: 0 };

async function follow({ name, blocks }, base, packed) {
  const started = performance.now();
  const isOnMachine = blocks.some(({ info }) => needsContainers(info));
  const missing = isOnMachine ? await containersMissing() : undefined;
  if (missing !== undefined && process.env.CI === undefined) {
    totals.skipped += 1;
    return console.log(`skip ${name}: ${missing}`);
  }
  const place = readersPlace(name, { base, packed });
  const walk = (from) => createWalk(name, from).follow(blocks);
  const problem = missing ?? (await (isOnMachine ? onMachine(place, walk) : walk(place)));
  if (problem === undefined) rmSync(place.notes, { recursive: true, force: true });
  totals[problem === undefined ? 'passed' : 'failed'] += 1;
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} (${seconds((performance.now() - started) / 1000)})`);
  if (problem !== undefined) console.log(`${problem}\n  its files: ${place.notes}`);
}

await inTemporaryFolder('enclos-walk-', async (base) => {
  const packed = join(base, '.packed');
  const { problems } = await packPackages(packed);
  for (const problem of problems) console.log(problem);
  totals.failed += problems.length;
  if (problems.length > 0) return true;
  const inTurn = async (some) => {
    for (const page of some) await follow(page, base, packed);
  };
  const others = pages.filter((page) => !takesPorts(page));
  await pool([() => inTurn(pages.filter(takesPorts)), () => inTurn(others)], 2);
  return totals.failed > 0;
});
const followed = totals.passed + totals.failed + totals.skipped;
if (followed === 0) console.log('No page has commands.');
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 || followed === 0 ? 1 : 0;
