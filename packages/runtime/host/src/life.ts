/** `@enclos/host/life`: what the loaders of other kinds of enclaves stand on, so that all are observed and end in the same way. */
import './errors.ts';
export { defaultCallTimeoutMs } from './run/call-deadline.ts';
export { EndCause, endedInTime, observed, reportEnd } from './run/life.ts';
export { defaultDisposeTimeoutMs, defaultStartTimeoutMs } from './run/load-options.ts';
export { endError, reportedExit } from './run/lost-enclave.ts';
export { requireRange } from './run/option-range.ts';
export { codeOf, createWatch, type Watch, WatchedOperation } from './observe/watch.ts';
export { failAtCaller } from './report/caller-stack.ts';
export { enter } from './report/entrance.ts';
