import { runtime } from './runtime.ts';

/** Levels as numbers, so that a host can filter: 0 error, 1 warn, 2 info, 3 debug. */
export const LogLevel = Object.freeze({ error: 0, warn: 1, info: 2, debug: 3 });

/**
 * Writes a line to the host's log. The host reads it: never log a secret.
 * Lines are dropped, not queued, when the host does not read them.
 */
export const log = Object.freeze({
  error: (text: string): void => runtime().log(LogLevel.error, text),
  warn: (text: string): void => runtime().log(LogLevel.warn, text),
  info: (text: string): void => runtime().log(LogLevel.info, text),
  debug: (text: string): void => runtime().log(LogLevel.debug, text),
});
