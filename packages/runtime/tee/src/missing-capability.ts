import { EnclosError } from '@enclos/errors';
import type { Capabilities } from './capabilities.ts';

/** @param lacks what it cannot do and why, a sentence. */
export function missingCapability(platform: Capabilities['platform'], lacks: string): EnclosError {
  return new EnclosError('TEE_CAPABILITY_MISSING', lacks, { details: { platform } });
}
