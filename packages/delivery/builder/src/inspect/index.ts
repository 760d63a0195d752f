import '../errors.ts';
export { refuseEnclaveFile } from './enclave-elf.ts';
export { maxEnclaveFileBytes } from './enclave-file.ts';
export { inspect, type InspectOptions } from './inspect.ts';
export { inspectFile } from './inspect-file.ts';
export { looksLikeElf, recognise, type Recognised } from './recognise.ts';
export type { InspectKind, InspectNode, InspectReport } from './report.ts';
export { createSgxsMeter, type SgxsFacts, type SgxsMeter } from './sgxs-meter.ts';
