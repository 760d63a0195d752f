/**
 * Globals that Node has and an enclave has not, for the compiler. In the tsconfig of enclave files:
 *
 *   "types": ["@enclos/enclave/globals", "node"]
 *
 * Each is declared as something that cannot be used, so that a use is an error which says what to use instead. The build finds
 * what the compiler does not, such as `process.exit`.
 *
 * A script, not a module: its declarations then come before those of @types/node, and the first one counts.
 */
/* eslint-disable no-var -- as @types/node declares them: any other declaration would be an error, not the first of two */
interface AbsentInsideEnclaves<UseInstead extends string> {
  readonly 'an enclave does not have this; use instead': UseInstead;
}

declare var fetch: AbsentInsideEnclaves<'connect() of @enclos/enclave, or an untrusted function of the interface'>;
declare var WebSocket: AbsentInsideEnclaves<'connect() of @enclos/enclave'>;
declare var EventSource: AbsentInsideEnclaves<'connect() of @enclos/enclave'>;
declare var CloseEvent: AbsentInsideEnclaves<'Event'>;
declare var MessageEvent: AbsentInsideEnclaves<'Event'>;
declare var BroadcastChannel: AbsentInsideEnclaves<'calls in and out of the enclave'>;
declare var MessageChannel: AbsentInsideEnclaves<'several calls at once: raise `threads` in enclave.json'>;
declare var MessagePort: AbsentInsideEnclaves<'several calls at once: raise `threads` in enclave.json'>;

declare var require: AbsentInsideEnclaves<'import'>;
declare var module: AbsentInsideEnclaves<'export'>;
declare var exports: AbsentInsideEnclaves<'export'>;
declare var __dirname: AbsentInsideEnclaves<'embeddedFile() of @enclos/enclave, with the file in `files` of enclave.json'>;
declare var __filename: AbsentInsideEnclaves<'embeddedFile() of @enclos/enclave, with the file in `files` of enclave.json'>;

declare var navigator: AbsentInsideEnclaves<'nothing: an enclave does not know where it runs'>;
declare var Navigator: AbsentInsideEnclaves<'nothing: an enclave does not know where it runs'>;
declare var gc: AbsentInsideEnclaves<'nothing: the interpreter collects by itself'>;
declare var URLPattern: AbsentInsideEnclaves<'a regular expression, or a package'>;
declare var ReadableStreamBYOBRequest: AbsentInsideEnclaves<'the `byobRequest` of a controller'>;
declare var Performance: AbsentInsideEnclaves<'performance'>;
declare var PerformanceEntry: AbsentInsideEnclaves<'performance'>;
declare var PerformanceMark: AbsentInsideEnclaves<'performance.mark()'>;
declare var PerformanceMeasure: AbsentInsideEnclaves<'performance.measure()'>;
declare var PerformanceObserver: AbsentInsideEnclaves<'performance'>;
declare var PerformanceObserverEntryList: AbsentInsideEnclaves<'performance'>;
declare var PerformanceResourceTiming: AbsentInsideEnclaves<'performance'>;
