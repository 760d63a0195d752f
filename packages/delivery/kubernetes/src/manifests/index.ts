export { manifestFiles, type ManifestFile, type NamedObject } from './files.ts';
export { isImageWithDigest, isServiceName } from './words.ts';
export { writeManifestFiles } from './write.ts';
