/** `@enclos/kubernetes/manifests`: what manifests of services share. */
export { manifestFiles, type CustomObject, type ManifestFile, type NamedObject } from './files.ts';
export { namespaceObject } from './namespace.ts';
export { imageWithDigestPattern, isImageWithDigest, isServiceName, serviceNamePattern } from './words.ts';
export { writeManifestFiles } from './write.ts';
