import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tableOf, type Figure } from './figures.ts';

const page = fileURLToPath(new URL('../../../../../docs/performance.md', import.meta.url));

/**
 * Puts the table of one benchmark into docs/performance.md, between its markers,
 * with what has to be known to measure it again.
 */
export function writeTable(name: string, figures: readonly Figure[]): void {
  const begin = `<!-- bench ${name} -->`;
  const end = `<!-- end ${name} -->`;
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/performance.md has no table between ${begin} and ${end}.`);
  const made = `\`npm run bench -- ${name}\`, commit ${commit()}, ${new Date().toISOString().slice(0, 10)}:`;
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${made}\n\n${tableOf(figures)}\n\n${text.slice(to)}`);
}

function commit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', ':!/docs') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
}
