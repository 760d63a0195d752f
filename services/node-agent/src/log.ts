import { isEnclosError } from '@enclos/errors';
import { jsonLines, type JsonLinesOptions, type LogFields as SetFields } from '@enclos/host';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line of JSON for each event. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, error: unknown, fields?: LogFields): void;
}

/** `time`, `level`, `message`, `event`, then fields: the form of every log here. Lines wait within the bound of `jsonLines`. */
export function createLog(options: JsonLinesOptions): Log {
  const lines = jsonLines(options);
  return Object.freeze({
    info: (event: string, fields: LogFields = {}) => lines.info({ event, ...set(fields) }, inWords(event)),
    warn(event: string, error: unknown, fields: LogFields = {}) {
      const { message, ...described } = describeError(error);
      lines.warn({ event, ...set(fields), ...described }, message ?? `${inWords(event)} (not an error of Enclos)`);
    },
  });
}

const inWords = (event: string): string => event.replaceAll('-', ' ');

/** The logger takes no field without a value. */
function set(fields: LogFields): SetFields {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  );
}

/** An Enclos error with its code, words and advice. Words of other errors may hold secrets: only their code. */
function describeError(error: unknown): { readonly code: string; readonly message?: string; readonly next?: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message, next: error.next };
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return {
    code: typeof code === 'number' || (typeof code === 'string' && /^\w{1,64}$/.test(code)) ? `${code}` : 'unknown',
  };
}
