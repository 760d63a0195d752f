import { isEnclosError } from '@enclos/errors';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line of JSON for each event. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, error: unknown, fields?: LogFields): void;
}

export function createLog(write: (line: string) => void, now: () => Date): Log {
  const line = (level: string, event: string, fields: LogFields): void =>
    write(`${JSON.stringify({ time: now().toISOString(), level, event, ...fields })}\n`);
  return Object.freeze({
    info: (event: string, fields: LogFields = {}) => line('info', event, fields),
    warn: (event: string, error: unknown, fields: LogFields = {}) =>
      line('warn', event, { ...fields, ...describeError(error) }),
  });
}

/** The code and the words of an error, and of one of ours what to do next. */
function describeError(error: unknown): LogFields {
  if (isEnclosError(error)) return { code: error.code, message: error.message, next: error.next };
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return { code: code ?? 'unknown', message: error instanceof Error ? error.message : 'No error was given.' };
}
