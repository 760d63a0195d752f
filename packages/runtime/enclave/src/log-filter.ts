/** Levels as numbers, as they cross the gate. */
export const LogLevel = Object.freeze({ error: 0, warn: 1, info: 2, debug: 3, trace: 4 });
export type LogLevelName = keyof typeof LogLevel;

/** A line, or what makes it: the function runs only when the line is wanted. */
export type LogText = string | (() => string);

export interface LogFilter {
  write(level: number, text: LogText): void;
  /** Says less than before, or as much again: never more than the enclave may. */
  restrict(level: LogLevelName): void;
}

/** Lines above the level end here, before anything is made of them. */
export function createLogFilter(most: LogLevelName, send: (level: number, text: string) => void): LogFilter {
  let enabled: number = LogLevel[most];
  return Object.freeze({
    write(level: number, text: LogText) {
      if (level <= enabled) send(level, typeof text === 'string' ? text : text());
    },
    restrict(level: LogLevelName) {
      enabled = Math.min(LogLevel[level], LogLevel[most]);
    },
  });
}
