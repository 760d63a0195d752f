import '@enclos/gate';
import './errors.ts';
import '../errors.ts';
import '../software/platform-errors.ts';
export { createGramineLauncher, type GramineLauncherOptions } from './launcher.ts';
export { gramineManifest, type GramineManifestSettings, type TrustedFile } from './manifest.ts';
