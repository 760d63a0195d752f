import './errors.ts';
export type { StreamAddress } from './services/addresses.ts';
export type { DeveloperTool } from './debug/developer-tool.ts';
export { loadEnclave, type Enclave } from './run/enclave.ts';
export { runProgram, type RunningProgram, type RunProgramOptions } from './run/program.ts';
export type { HostContext, LoadOptions, StartOptions } from './run/load-options.ts';
export {
  fromEnvironment,
  hostVariables,
  platformFromEnvironment,
  type HostEnvironment,
  type PlatformEnvironment,
} from './environment.ts';
export type {
  BacklogChange,
  Connection,
  ConnectionEnd,
  ConnectionObservation,
  HostEvent,
  HostEventName,
  Instrumentation,
  Observation,
  Operation,
  OperationEnd,
} from './observe/instrumentation.ts';
export type { LogLimits } from './observe/log-budget.ts';
export {
  jsonLines,
  logLevels,
  type EnclosLogger,
  type JsonLinesOptions,
  type LineStream,
  type LogFields,
  type LogLevel,
} from './observe/logger.ts';
export { createMetrics, type Metrics, type MetricsOptions } from './observe/metrics.ts';
export type { RestartPolicy } from './supervise/restart-policy.ts';
export { superviseEnclave } from './supervise/supervise.ts';
export type {
  RepeatOptions,
  Restart,
  SupervisedEnclave,
  SuperviseOptions,
  SupervisionEnd,
} from './supervise/supervision.ts';
export type { SupervisorClock } from './supervise/waiting-calls.ts';
export type { WatchOptions } from './observe/watch.ts';
