import '@enclos/gate';
import './errors.ts';
import '../errors.ts';
import '../software/platform-errors.ts';
export { createGramineLauncher, type GramineLauncherOptions } from './launcher.ts';
export { gramineManifest } from './manifest.ts';
export type { GramineManifestSettings, TrustedFile } from './manifest-settings.ts';
