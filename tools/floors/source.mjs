import { dirname, join, relative, resolve } from 'node:path';
import { filesUnder } from '../lib/workspace.mjs';
import { importsOf } from './imports.mjs';
import { parsedFile } from './parsed.mjs';

const blank = (text) => text.replaceAll(/[^\n]/g, ' ');

/** The text of a file with its comments blanked, so that offsets and lines stay. */
function codeOf({ text, comments }) {
  let code = text;
  for (const { start, end } of comments) code = code.slice(0, start) + blank(code.slice(start, end)) + code.slice(end);
  return code;
}

/** What a file holds: `{ path, folder, lines, code, imports }`; imports are absolute paths of files of the same package. */
function sourceFile(path, src) {
  const file = parsedFile(path);
  const imports = importsOf(path)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => resolve(dirname(path), specifier));
  return {
    path,
    folder: relative(src, dirname(path)),
    lines: file.text.split('\n').length - 1,
    code: codeOf(file),
    imports,
  };
}

/** The TypeScript files of a workspace's src/. */
export function sourcesOf(workspace) {
  const src = join(workspace.path, 'src');
  return filesUnder(src, (file) => file.endsWith('.ts')).map((file) => sourceFile(file, src));
}
