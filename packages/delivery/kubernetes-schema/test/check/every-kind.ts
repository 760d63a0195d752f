import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump, loadAll } from 'js-yaml';
import type { Case } from './cases.ts';

const file = join(fileURLToPath(new URL('.', import.meta.url)), '../../../test/data/every-kind.yaml');

interface Fields {
  [name: string]: unknown;
}

/** The objects that are right, by kind and name. */
export const objects: ReadonlyMap<string, Fields> = new Map(
  // The file holds objects only.
  (loadAll(readFileSync(file, 'utf8')) as readonly Fields[]).map((object) => {
    const { name, generateName } = object['metadata'] as { name?: string; generateName?: string };
    return [`${String(object['kind'])} ${String(name ?? generateName)}`, object];
  }),
);

/** Names of a path; `~` stands for a dot in a name. */
const stepsOf = (path: string): readonly string[] => path.split('.').map((step) => step.replaceAll('~', '.'));

/** The text of an object with one field changed. */
export function changed([name, path, value]: Case): string {
  const object = structuredClone(objects.get(name));
  if (object === undefined) throw new Error(`every-kind.yaml has no ${name}`);
  const steps = stepsOf(path);
  let place = object;
  for (const step of steps.slice(0, -1)) {
    // The paths lead through maps and lists, which both have their items by name.
    place[step] ??= {};
    place = place[step] as Fields;
  }
  const last = steps.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else place[last] = value;
  return dump(object, { noRefs: true });
}
