import type { LayerEntry } from './entry.ts';

/** Folders that appear only in paths get an entry too, so that their modes are fixed here and not by the engine that unpacks. */
export function withFolders(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
      const parent = path.slice(0, at);
      if (!all.has(parent)) all.set(parent, { kind: 'folder', path: parent, mode: 0o755 });
    }
  }
  return Object.freeze([...all.values()]);
}
