import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { filesUnder } from '../lib/workspace.mjs';
import { importsOf } from './imports.mjs';

const blank = (text) => text.replaceAll(/[^\n]/g, ' ');

/** The text of a file with its comments blanked, so that offsets and lines stay. */
function codeOf(file, text) {
  const { comments } = parseSync(file, text);
  let code = text;
  for (const { start, end } of comments) code = code.slice(0, start) + blank(code.slice(start, end)) + code.slice(end);
  return code;
}

/** What a file holds: `{ path, folder, lines, code, imports }`; imports are absolute paths of files of the same package. */
function sourceFile(path, src) {
  const text = readFileSync(path, 'utf8');
  const imports = importsOf(path)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => resolve(dirname(path), specifier));
  return {
    path,
    folder: relative(src, dirname(path)),
    lines: text.split('\n').length - 1,
    code: codeOf(path, text),
    imports,
  };
}

/** The TypeScript files of a workspace's src/, read and parsed once. */
export function sourcesOf(workspace) {
  const src = join(workspace.path, 'src');
  return filesUnder(src, (file) => file.endsWith('.ts')).map((file) => sourceFile(file, src));
}

export const lineAt = (text, offset) => text.slice(0, offset).split('\n').length;
