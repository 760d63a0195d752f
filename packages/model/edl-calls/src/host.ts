/** `@enclos/edl-calls/host`: what modules that `enclos edl gen` writes stand on. It holds the codecs of calls, and not the generators. */
import './errors.ts';
export {
  type ArenaHandle,
  type ArenaImage,
  type ArenaMemory,
  type ArenaPatch,
  imageBytes,
  type ImagePiece,
} from './arena/memory.ts';
export type { Abi } from './layout/calls.ts';
export { uncheckedNames } from './calls/shape.ts';
export { oeCallRecord, oeHead } from './codec/oe-call-record.ts';
export { oeCallFailed, OeResult, oeResultName } from './codec/oe-result.ts';
export { bindInterface, type BoundInterface, type InterfaceParts } from './host/bound-interface.ts';
export type { Awaitable, OcallRequest, OcallServer, ReturnedEcall, SgxCalls } from './host/calls.ts';
export { createEcalls } from './host/ecalls.ts';
export { serveOcalls } from './host/ocalls.ts';
