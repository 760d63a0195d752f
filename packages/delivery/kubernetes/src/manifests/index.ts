/** `@enclos/kubernetes/manifests`: what manifests of services share. */
export { dashboardMap, type Panel } from './dashboard.ts';
export { manifestFiles, type ManifestFile, type NamedObject } from './files.ts';
export { jobOf, podMonitor, prometheusRule, type Alert, type Watched } from './monitoring.ts';
export { isImageWithDigest, isServiceName } from './words.ts';
export { writeManifestFiles } from './write.ts';
