import '../errors.ts';
export { maxEnclaveFileBytes } from './enclave-elf.ts';
export { inspect, looksLikeElf, type InspectOptions } from './inspect.ts';
export { inspectFile, type InspectFileOptions } from './inspect-file.ts';
export { measureEnclaveFile, type FileMeasurement } from './measure-file.ts';
export { measureStream, type Measurement } from './measure-stream.ts';
export type { ExplainEvidence } from './quote.ts';
export type { InspectKind, InspectNode, InspectReport } from './report.ts';
export { createSgxsMeter, type SgxsFacts, type SgxsMeter } from './sgxs-meter.ts';
