import { getSystemErrorName } from 'node:util';

/** @param status an error's name, or the negative number that libuv has for it */
export function passingError(status: number | 'EPIPE' | 'ECANCELED' | 'ECONNRESET'): Error {
  const code = typeof status === 'number' ? getSystemErrorName(status) : status;
  return Object.assign(new Error(`A connection could not be passed to the enclave: ${code}.`), { code });
}
