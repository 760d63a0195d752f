import { EnclosError, isEnclosError } from '@enclos/errors';

/** What `read` gives; what it finds wrong with the form of bytes is LEDGER_INVALID, with the name of the thing that was read. */
export function within<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isEnclosError(cause) || !cause.code.startsWith('CODEC_')) throw cause;
    throw new EnclosError('LEDGER_INVALID', `${what}: ${cause.message}`, { cause });
  }
}

export function invalid(what: string): EnclosError {
  return new EnclosError('LEDGER_INVALID', what);
}
