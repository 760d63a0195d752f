import './errors.ts';
// The parts that `boot` puts together, for @enclos/testing, which puts them together in the process of a test.
export type { EnclaveApplication } from './application.ts';
export { createLogFilter } from './log-filter.ts';
export { hostCaller, hostSystem, serveGate } from './serve.ts';
export { installEnvironment, installRuntime, streamReceived, type EnclaveRuntime, type HostSystem } from './runtime.ts';
