export { inspect, type InspectOptions } from './inspect.ts';
export { inspectFile } from './inspect-file.ts';
export { recognise, type Recognised } from './recognise.ts';
export type { InspectKind, InspectNode, InspectReport } from './report.ts';
export { createSgxsMeter, type SgxsFacts, type SgxsMeter } from './sgxs-meter.ts';
