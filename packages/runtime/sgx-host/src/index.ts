import './errors.ts';
export type { EdpEnd, EdpStreams } from './edp/runtime.ts';
export { type UsercallName, usercalls, type UsercallService } from './edp/usercalls.ts';
export type { InterfaceFileOptions } from './load/interface-file.ts';
export { loadSgxEnclave } from './load/load.ts';
export type {
  CallBounds,
  OcallHandlers,
  SgxEnclave,
  SgxLaunchOptions,
  SgxLoadOptions,
  SharedMemory,
  UntypedEcalls,
} from './load/options.ts';
export { abiOfImage } from './load/runtimes.ts';
export { runSgxProgram, type SgxProgramOptions } from './load/program.ts';
