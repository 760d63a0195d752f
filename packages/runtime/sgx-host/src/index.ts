import './errors.ts';
export { loadSgxEnclave } from './load/load.ts';
export type { InterfaceFileOptions } from './load/interface-file.ts';
export type {
  CallBounds,
  OcallHandlers,
  SgxEnclave,
  SgxLaunchOptions,
  SgxLoadOptions,
  SharedMemory,
  UntypedEcalls,
} from './load/options.ts';
