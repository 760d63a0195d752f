export { createGramineLauncher, type GramineLauncherOptions } from './launcher.ts';
export { gramineManifest, type GramineManifestSettings, type TrustedFile } from './manifest.ts';
