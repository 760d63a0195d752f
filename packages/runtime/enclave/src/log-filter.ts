/** Levels as numbers, as they cross the gate. */
export const LogLevel = Object.freeze({ error: 0, warn: 1, info: 2, debug: 3, trace: 4 });
export type LogLevelName = keyof typeof LogLevel;

/** A line, or a function that makes it, which runs only when the line is wanted. */
export type LogText = string | (() => string);

export interface LogFilter {
  write(level: number, text: LogText): void;
  /** Lowers the level, or raises it again, but never above the enclave's maximum. */
  restrict(level: LogLevelName): void;
}

/** Drops lines above the level before they are built. */
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
