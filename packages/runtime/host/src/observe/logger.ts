/** From the most to the least important; as numbers 0 to 4, as they cross the gate. */
export const logLevels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The level of a line from an enclave: a number that is not one of ours counts as `error`, so that nothing is hidden by it. */
export function levelOf(level: number): LogLevel {
  return logLevels[level] ?? 'error';
}

/** Facts that go with a message. An enclave's own lines have only the name of the enclave. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/**
 * Takes log records: `console`, pino, or any other object with these methods. Lines of level trace go to `debug`, because
 * `console.trace` prints a stack.
 */
export interface EnclosLogger {
  error(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
}

/** The part of a writable stream that lines go to. */
export interface LineStream {
  write(text: string): unknown;
  /** Bytes that wait in this process. */
  readonly writableLength?: number;
}

export interface JsonLinesOptions {
  /** Default: standard output. */
  readonly stream?: LineStream;
  readonly now?: () => Date;
  /** Lines are dropped, and counted, while the stream has more than this to write. Default 1 MiB. */
  readonly maxWaitingBytes?: number;
}

/**
 * Writes each record as one line of JSON: `time`, `level`, `message`, then its fields.
 * It buffers nothing: when the stream does not keep up, lines are dropped, and a record of how many precedes the next line that
 * is written.
 */
export function jsonLines(options: JsonLinesOptions = {}): EnclosLogger {
  const { stream = process.stdout, now = () => new Date(), maxWaitingBytes = 1024 * 1024 } = options;
  let dropped = 0;
  const put = (level: LogLevel, fields: LogFields, message: string): void => {
    stream.write(`${JSON.stringify({ time: now().toISOString(), level, message, ...fields })}\n`);
  };
  const line =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void => {
      if ((stream.writableLength ?? 0) > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      const count = dropped;
      dropped = 0;
      if (count > 0) put('warn', { event: 'log-dropped', count }, 'The log could not be written fast enough.');
      put(level, fields, message);
    };
  return Object.freeze({ error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') });
}
