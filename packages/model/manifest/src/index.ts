import './errors.ts';
export { allowedBuiltins } from './builtins.ts';
export { enclaveGlobals, enclaveProcessMembers } from './globals.ts';
export { decodeFiles, encodeFiles, type EmbeddedFile } from './files.ts';
export {
  hasImageMagic,
  layOutImage,
  MAX_IMAGE_BYTES,
  readImage,
  readImagePages,
  type ImagePayload,
  type ReadImage,
} from './image.ts';
export { pinnedInterpreter } from './interpreter.ts';
export { decodeInterpreterManifest, decodeManifest, encodeManifest } from './manifest.ts';
export {
  isProgramManifest,
  type EnclaveManifest,
  type InterpreterIdentity,
  type InterpreterManifest,
  type ProgramManifest,
  type ProgramSettings,
  type StreamTransport,
} from './form.ts';
export { isCleanPath } from './rules.ts';
export { mayBePassed, mustBePassed } from './transports.ts';
export { interfaceDigest } from './interface-digest.ts';
