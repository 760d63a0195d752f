import './errors.ts';
import { EnclosError } from '@enclos/errors';

/** @throws ENCLAVE_FILE_INVALID */
export function refuse(reason: string): never {
  throw new EnclosError('ENCLAVE_FILE_INVALID', `The enclave file cannot be used: ${reason}`);
}

/** Gives the errors of the reader of ELF files the code of this package. @throws ENCLAVE_FILE_INVALID */
export function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EnclosError('ENCLAVE_FILE_INVALID', `The enclave file is damaged: ${cause.message}`, { cause });
  }
}
