// Declares EDL_VALUE_REFUSED.
import '@enclos/edl';
import { EnclosError } from '@enclos/errors';

/**
 * @param path which value: `call.parameter[2].member`
 * @param problem names bounds and sizes, never the value
 */
export function refuse(path: string, problem: string): never {
  throw new EnclosError('EDL_VALUE_REFUSED', `${path}: ${problem}.`, { details: { path } });
}
