export { inspect, type InspectOptions } from './inspect.ts';
export { inspectFile } from './inspect-file.ts';
export type { InspectKind, InspectNode, InspectReport } from './report.ts';
export { createSgxsMeter, type SgxsFacts, type SgxsMeter } from './sgxs-meter.ts';
