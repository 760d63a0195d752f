import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';

const files = new Map();

/** A file, read and parsed once for all rules: `{ text, module, comments }`. */
export function parsedFile(path) {
  const known = files.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, 'utf8');
  const { module, comments } = parseSync(path, text);
  const file = { text, module, comments };
  files.set(path, file);
  return file;
}

export const lineAt = (text, offset) => text.slice(0, offset).split('\n').length;
