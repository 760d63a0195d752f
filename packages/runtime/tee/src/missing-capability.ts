import { EnclosError } from '@enclos/errors';
import type { Capabilities } from './capabilities.ts';

/** @param lacks a sentence: what the platform cannot do, and why. */
export function missingCapability(platform: Capabilities['platform'], lacks: string): EnclosError {
  return new EnclosError('TEE_CAPABILITY_MISSING', lacks, { details: { platform } });
}
