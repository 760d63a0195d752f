import './errors.ts';
export { buildGoProgram, runGo, type GoBuild, type GoBuildOptions, type GoRun, type GoRunOptions } from './build.ts';
export { carriedFolder } from './carried.ts';
export { programName } from './program-name.ts';
export { createOverlay, type Overlay } from './overlay/overlay.ts';
export { findGo, type GoToolchain } from './toolchain.ts';
