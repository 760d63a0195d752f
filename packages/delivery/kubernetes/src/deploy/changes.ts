import { createTwoFilesPatch } from 'diff';
import { isOurs, type DeployFile } from './render.ts';

export type ChangeKind = 'new' | 'changed' | 'same' | 'gone' | 'foreign';

/** What writing a file would do to what is on disk. */
export interface Change {
  readonly name: string;
  readonly kind: ChangeKind;
  /** A unified diff; empty for a file that stays. */
  readonly diff: string;
}

/**
 * Compares the files of a deployment with those that are there.
 * @param existing contents by name: of the files themselves, and of others in the folder of a kustomize base,
 *   where one that deploy wrote and does not write any more is gone
 */
export function changesOf(files: readonly DeployFile[], existing: ReadonlyMap<string, string>): readonly Change[] {
  const names = new Set(files.map(({ name }) => name));
  const gone = [...existing].filter(([name, content]) => !names.has(name) && isOurs(content));
  return [
    ...files.map(({ name, content }) => changeOf(name, existing.get(name), content)),
    ...gone.map(([name, content]): Change => ({ name, kind: 'gone', diff: diffOf(name, content, undefined) })),
  ];
}

function changeOf(name: string, before: string | undefined, after: string): Change {
  if (before === after) return { name, kind: 'same', diff: '' };
  const diff = diffOf(name, before, after);
  if (before === undefined) return { name, kind: 'new', diff };
  return { name, kind: isOurs(before) ? 'changed' : 'foreign', diff };
}

function diffOf(name: string, before: string | undefined, after: string | undefined): string {
  const [from, to] = [
    before === undefined ? '/dev/null' : `a/${name}`,
    after === undefined ? '/dev/null' : `b/${name}`,
  ];
  const patch = createTwoFilesPatch(from, to, before ?? '', after ?? '', undefined, undefined, { context: 3 });
  // The first line is a rule of `=`, which git and people do without.
  return patch.replace(/^=+\n/, '');
}
