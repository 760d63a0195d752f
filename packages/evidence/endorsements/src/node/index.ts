import '../errors.ts';
export { collateralCacheFolder } from './cache-folder.ts';
export { openDiskCache, type DiskCache, type DiskCacheOptions } from './disk-cache.ts';
