import './errors.ts';
export { allowedBuiltins } from './builtins.ts';
export { enclaveGlobals, enclaveProcessMembers } from './globals.ts';
export { sortFiles, type SortedFiles } from './companions/sort-files.ts';
export {
  companionScriptPath,
  decodeCompanions,
  hasCompanions,
  isFileName,
  platformFolder,
} from './companions/companion-form.ts';
export type { CompanionFile, CompanionManifest } from './companions/companion-type.ts';
export { encodeFiles } from './encode-files.ts';
export { decodeFiles, type EmbeddedFile } from './files.ts';
export {
  hasImageMagic,
  layOutImage,
  MAX_IMAGE_BYTES,
  openImage,
  openImagePages,
  readImage,
  type ImagePayload,
  type OpenImage,
  type ReadImage,
} from './image.ts';
export { pinnedInterpreter } from './interpreter.ts';
export { decodeInterpreterManifest } from './interpreter-manifest.ts';
export { decodeManifest, encodeManifest } from './manifest.ts';
export type { InterpreterIdentity, InterpreterManifest, StreamTransport } from './form.ts';
export {
  companionsOf,
  isProgramManifest,
  type EnclaveManifest,
  type ProgramManifest,
  type ProgramSettings,
} from './program-form.ts';
export { isCleanPath } from './rules.ts';
export { mayBePassed, mustBePassed } from './transports.ts';
export { programInterface } from './program-interface.ts';
export { interfaceDigest } from './interface-digest.ts';
