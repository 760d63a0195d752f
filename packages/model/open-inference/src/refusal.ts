import './errors.ts';
import { EnclosError, isEnclosError } from '@enclos/errors';

/** @throws INFERENCE_MESSAGE_INVALID always. @param at names the member by its place, such as `inputs[0].shape`. */
export function refuse(at: string, problem: string): never {
  throw new EnclosError('INFERENCE_MESSAGE_INVALID', `${at} ${problem}.`, { details: { at } });
}

/** @throws INFERENCE_UNSUPPORTED always. */
export function refuseUnsupported(at: string, problem: string): never {
  throw new EnclosError('INFERENCE_UNSUPPORTED', `${at} ${problem}.`, { details: { at } });
}

/** Runs a parser; what the codecs refuse is malformed. Their messages never quote what they read. */
export function reading<T>(at: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    throw new EnclosError('INFERENCE_MESSAGE_INVALID', `${at}: ${error.message}`, { details: { at }, cause: error });
  }
}
