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
export {
  decodeManifest,
  encodeManifest,
  isCleanPath,
  mayBePassed,
  mustBePassed,
  type EnclaveManifest,
  type InterpreterIdentity,
  type StreamTransport,
} from './manifest.ts';
export { interfaceDigest } from './interface-digest.ts';
