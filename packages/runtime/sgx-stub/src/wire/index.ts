import '../errors.ts';
export {
  encodeGateAnswer,
  gateAnswerReader,
  parseGateAnswer,
  AnswerKind,
  RefusalReason,
  type GateAnswer,
} from './answer.ts';
export { BOOT_READY, encodeBootGo, MAX_ARENA_BYTES, MAX_THREADS, parseBootGo, type BootGo } from './boot.ts';
export { stubExitReason, StubExit } from './exits.ts';
export { encodeGateHello, HELLO_BYTES, parseGateHello, type GateHello } from './hello.ts';
export { MessageReader, type Message } from './messages.ts';
export {
  encodePlatformAnswer,
  encodePlatformRequest,
  LeafStatus,
  parsePlatformAnswer,
  parsePlatformRequest,
  platformAnswerReader,
  platformRequestReader,
  PlatformLeaf,
  type PlatformAnswer,
  type PlatformRequest,
} from './platform.ts';
export {
  encodeGateRequest,
  gateRequestReader,
  MAX_EXIT_STACK_BYTES,
  MAX_RANGES,
  MAX_WINDOW_BYTES,
  parseGateRequest,
  RequestKind,
  type ArenaRange,
  type ArenaWrite,
  type GateRequest,
  type HostRegisters,
} from './request.ts';
