import { EnclosError } from '@enclos/errors';
import { isProgramManifest, type EnclaveManifest, type InterpreterManifest } from '@enclos/manifest';

/**
 * In Gramine the interpreter runs the enclave, so an image whose program runs itself would not start there.
 * @throws PROGRAM_EXECUTION_UNAVAILABLE
 */
export function requireScript(manifest: EnclaveManifest): InterpreterManifest {
  if (!isProgramManifest(manifest)) return manifest;
  const message =
    'The image holds a program that runs without the interpreter, and Gramine is started with the interpreter.';
  throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', message);
}
