import '../errors.ts';
export { refuseEnclaveFile } from './enclave-elf.ts';
export { maxEnclaveFileBytes } from './enclave-file.ts';
export { inspect, looksLikeElf, type InspectOptions } from './inspect.ts';
export { inspectFile, type InspectFileOptions } from './inspect-file.ts';
export type { ExplainEvidence } from './quote.ts';
export type { InspectKind, InspectNode, InspectReport } from './report.ts';
export { createSgxsMeter, type SgxsFacts, type SgxsMeter } from './sgxs-meter.ts';
