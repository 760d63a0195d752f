// Does what README says, as a newcomer does: in a fresh clone, with the real npm and npx, in its order.
//
//   node tools/readme.mjs [--keep]
//
// The clone is of HEAD, in a folder whose path has 150 bytes and characters of several bytes. The block that runs the
// whole check is left out: the check is what runs beside this.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMarkdown } from './docs/markdown.mjs';
import { createWalk, isCommand } from './docs/walk.mjs';
import { run, totalsLine } from './lib/run.mjs';
import { childEnvironment, root } from './lib/workspace.mjs';

const pathBytes = 150;
const isWholeCheck = (body) => body.includes('npm test');

const base = mkdtempSync(join(tmpdir(), 'enclos-readme-'));
const notes = join(base, 'notes');
mkdirSync(notes);
const parts = [base, 'Übung ß'];
parts.push('c'.repeat(Math.max(1, pathBytes - Buffer.byteLength(join(...parts)) - 1)));
const folder = join(...parts);

async function problemOf() {
  const cloned = await run('git', ['clone', '--quiet', root, folder], { env: childEnvironment() });
  if (cloned.code !== 0) return cloned.output;
  const { blocks } = parseMarkdown(readFileSync(join(folder, 'README.md'), 'utf8'));
  const commands = blocks.filter(({ info, body }) => isCommand(info) && !isWholeCheck(body));
  // What every reader is promised: the story, the command, a verified quote, an image with its manifest, a service.
  if (commands.length < 5) return `README.md has ${commands.length} blocks of commands, at least 5 are expected.`;
  const env = childEnvironment({ HOME: join(notes, 'home'), XDG_STATE_HOME: join(notes, 'state') });
  // The cache of npm is not part of the clone, and saves the registry the work.
  env.npm_config_cache ??= join(process.env.HOME ?? '/', '.npm');
  return createWalk('README.md', { folder, notes, env }, isWholeCheck).follow(blocks);
}

const problem = await problemOf();
console.log(problem ?? 'README.md does what it says.');
if (process.argv.includes('--keep')) console.log(folder);
else rmSync(base, { recursive: true, force: true });
console.log(totalsLine({ passed: problem === undefined ? 1 : 0, failed: problem === undefined ? 0 : 1 }));
process.exitCode = problem === undefined ? 0 : 1;
