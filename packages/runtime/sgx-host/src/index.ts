import './errors.ts';
export type { AbiHost, AbiRuntime, CallContext } from './abi/abi.ts';
export { Arena, type PlacedImage } from './arena/arena.ts';
export { SnapshotMemory } from './arena/snapshot.ts';
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
