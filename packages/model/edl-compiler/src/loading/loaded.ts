import type { EdlFile, ImportItem } from '../syntax/tree.ts';

/** A file and everything that it imports, each file parsed once. Nothing of it is checked yet. */
export interface LoadedEdl {
  readonly root: EdlFile;
  /** By path, the root first, the others in the order in which their imports stand, depth first. */
  readonly files: ReadonlyMap<string, EdlFile>;
  /**
   * The file that each import of these files found. One that is missing, broken, or would close a circle is not there: it was
   * reported, so that following these imports comes to an end.
   */
  readonly imports: ReadonlyMap<ImportItem, EdlFile>;
}
