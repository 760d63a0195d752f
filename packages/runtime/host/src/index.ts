import './errors.ts';
export type { StreamAddress } from './addresses.ts';
export type { DeveloperTool } from './developer-tool.ts';
export { loadEnclave, type Enclave } from './enclave.ts';
export type { HostContext, LoadOptions } from './load-options.ts';
export { fromEnvironment, hostVariables, type HostEnvironment } from './environment.ts';
export type {
  HostEvent,
  HostEventName,
  Instrumentation,
  Observation,
  Operation,
  OperationEnd,
} from './instrumentation.ts';
export type { LogLimits } from './log-budget.ts';
export {
  jsonLines,
  type EnclosLogger,
  type JsonLinesOptions,
  type LineStream,
  type LogFields,
  type LogLevel,
} from './logger.ts';
export { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts';
export type { RestartPolicy } from './restart-policy.ts';
export {
  superviseEnclave,
  type Restart,
  type SupervisedEnclave,
  type SuperviseOptions,
  type SupervisionEnd,
} from './supervise.ts';
export type { SupervisorClock } from './waiting-calls.ts';
export type { WatchOptions } from './watch.ts';
