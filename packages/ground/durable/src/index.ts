export {
  Durable,
  durable,
  type CopyOptions,
  type DurableOptions,
  type FileOptions,
  type WriteOptions,
} from './durable.ts';
export {
  openReadableFileSync,
  readBoundedFile,
  readBoundedFileSync,
  type BoundedFile,
  type ReadableFile,
} from './bounded-file.ts';
export { readInPieces } from './file-pieces.ts';
export { hasCode, nodeFileSystem, type FileSystem, type OpenFile } from './file-system.ts';
export { isDiskError } from './named-error.ts';
export { isRunning, processMark } from './process-mark.ts';
export { temporaryPrefix } from './temporary-names.ts';
export type { FileContent, UnfinishedFile } from './unfinished-file.ts';
export { userCacheFolder } from './user-cache.ts';
export type { FolderContent } from './whole-folder.ts';
