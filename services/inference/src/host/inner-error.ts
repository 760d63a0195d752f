import '../errors.ts';
// What is wrong with models and catalogues has codes of its package.
import '@enclos/inference-models';
import { EnclosError, isEnclosError, isErrorCode } from '@enclos/errors';

const named = /^(?<code>[A-Z0-9_]{3,64}): (?<message>[^]*)$/;

/** What the enclave refused with, where its application names a code: with that code the host has advice for it. */
export function innerErrorOf(error: unknown): unknown {
  if (!isEnclosError(error, 'ENCLAVE_APPLICATION_ERROR')) return error;
  const { code = '', message } = named.exec(error.message)?.groups ?? {};
  return isErrorCode(code) ? new EnclosError(code, message, { cause: error }) : error;
}
