import { LogLevel, type LogText } from './log-filter.ts';
import { runtime } from './runtime.ts';

/**
 * Writes a line to the host's log. The host reads it: never log a secret.
 * Lines are dropped, not queued, when the host does not read them. Lines above the enclave's `maxLogLevel` or the level that
 * the host asked for are dropped here: a line given as a function then costs nothing.
 */
export const log = Object.freeze({
  error: (text: LogText): void => runtime().log(LogLevel.error, text),
  warn: (text: LogText): void => runtime().log(LogLevel.warn, text),
  info: (text: LogText): void => runtime().log(LogLevel.info, text),
  debug: (text: LogText): void => runtime().log(LogLevel.debug, text),
  trace: (text: LogText): void => runtime().log(LogLevel.trace, text),
});
