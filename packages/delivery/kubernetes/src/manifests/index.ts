/** `@enclos/kubernetes/manifests`: what manifests of services share. */
export { isServiceName } from '@enclos/kubernetes-schema/names';
export { manifestFiles, type CustomObject, type ManifestFile, type NamedObject } from './files.ts';
export { namespaceObject } from './namespace.ts';
export { isImageWithDigest } from './words.ts';
export { writeManifestFiles } from './write.ts';
