// Follows the pages below docs/tutorial and docs/how-to as a reader does: writes the files that they show, runs their
// commands, and compares what is printed with what they say is printed.
//
//   node tools/walkthroughs.mjs [page...]
//
// In a page,
//   ```ts file=src/app.ts     writes that file (any language); relative to the folder the reader is in
//   ```sh                     runs, in the folder where the last one ended; ```sh ignore: reason does not
//   ```sh until="TEXT"        runs until it prints the text, and is ended then
//   ```text                   is what the commands before it print: each line in turn, `…` for anything
// A page without commands is not followed.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createWalk, emptyFolder, isCommand } from './docs/walk.mjs';
import { parseMarkdown } from './docs/markdown.mjs';
import { seconds, totalsLine } from './lib/run.mjs';
import { filesUnder, fromRoot, root } from './lib/workspace.mjs';

const chosen = process.argv.slice(2);
const pages = ['docs/tutorial', 'docs/how-to']
  .flatMap((folder) => filesUnder(join(root, folder), (file) => file.endsWith('.md')))
  .map((path) => ({ name: fromRoot(path), ...parseMarkdown(readFileSync(path, 'utf8')) }))
  .filter(({ blocks }) => blocks.some(({ info }) => isCommand(info)))
  .filter(({ name }) => chosen.length === 0 || chosen.some((part) => name.includes(part)));

const totals = { passed: 0, failed: 0 };
for (const { name, blocks } of pages) {
  const started = performance.now();
  const place = emptyFolder(name);
  const problem = await createWalk(name, place).follow(blocks);
  if (problem === undefined) rmSync(place.folder, { recursive: true, force: true });
  totals[problem === undefined ? 'passed' : 'failed'] += 1;
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} (${seconds((performance.now() - started) / 1000)})`);
  if (problem !== undefined) console.log(problem);
}
if (totals.passed + totals.failed === 0) console.log('No page has commands.');
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
