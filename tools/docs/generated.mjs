import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes pages, or compares them.
 * @param pages `[path, text]` of each
 * @param source what the pages hold, for a sentence: `the rules say`
 * @returns problems, one line each; none when they are written
 */
export function checkGenerated(base, pages, { write, source }) {
  const isHeld = ([path, text]) => existsSync(join(base, path)) && readFileSync(join(base, path), 'utf8') === text;
  const different = pages.filter((page) => !isHeld(page));
  if (!write) return different.map(([path]) => `${path}: not what ${source}; run: node tools/docs.mjs --write`);
  for (const [path, text] of different) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  return [];
}
