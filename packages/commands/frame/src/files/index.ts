import '../errors.ts';
export {
  exists,
  maxKeyBytes,
  namesIn,
  readSmallFile,
  readSmallJson,
  readSmallText,
  readUpTo,
  textOf,
  unreadable,
} from './read.ts';
export { defaultStateFolder, layerCacheFolder } from './user-folders.ts';
export { requireFolderOf } from './write.ts';
