import { readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import type { GoRunOptions } from './build.ts';
import { moduleRoot } from './module.ts';

/**
 * The name that `go build` gives a program: that of its first file, when files are named, or the last element of the import path of its
 * package, but for a version (`v2`).
 * @throws GO_BUILD_FAILED without a module
 */
export function programName({ folder, parameters }: Pick<GoRunOptions, 'folder' | 'parameters'>): string {
  const root = moduleRoot(folder);
  const file = parameters.find((parameter) => /^[^-].*\.go$/.test(parameter));
  if (file !== undefined) return basename(file, '.go');
  const named = parameters.findLast((parameter) => !parameter.startsWith('-')) ?? '.';
  const within = named.startsWith('.') || named.startsWith('/') ? relative(root, resolve(folder, named)) : named;
  const module = /^\s*module\s+"?([^\s"]+)/m.exec(readFileSync(join(root, 'go.mod'), 'utf8'))?.[1] ?? basename(root);
  const elements = [...module.split('/'), ...within.split('/')].filter((element) => element !== '' && element !== '..');
  const last = elements.at(-1) ?? basename(root);
  return /^v[0-9]+$/.test(last) && elements.length > 1 ? (elements.at(-2) ?? last) : last;
}
