import './errors.ts';
export type { AbiHost, AbiRuntime, CallContext } from './abi/abi.ts';
export { Arena, type PlacedImage } from './arena/arena.ts';
export { SnapshotMemory } from './arena/snapshot.ts';
export { createIntelRuntime, type IntelServices } from './intel/runtime.ts';
export { NestedCalls } from './calls/nested.ts';
export { ThreadPool } from './calls/pool.ts';
export { ThreadEvents } from './calls/thread-events.ts';
export type {
  Access,
  AccessRequest,
  ArenaPiece,
  ArenaRange,
  EnclaveAnswer,
  EntryRequest,
  ExceptionAnswer,
  ExitAnswer,
  Registers,
  SgxThread,
} from './gate/thread.ts';
export { createEdpRuntime, type EdpEnd, type EdpRuntime, type EdpStreams } from './edp/runtime.ts';
export { type UsercallName, usercalls, type UsercallService } from './edp/usercalls.ts';
export type { QuotingService } from './open-enclave/evidence.ts';
export { createOpenEnclaveRuntime, type OpenEnclaveServices } from './open-enclave/runtime.ts';
export { isSystemName as isOpenEnclaveSystemName } from './open-enclave/system-ocalls.ts';
export { type Cpuid, cpuidFrom, type CpuidRegisters } from './processor/cpuid.ts';
