import { createHash } from 'node:crypto';
import { toBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Sealing } from '@enclos/service/state';
import { memorySealing } from '@enclos/testkit';

export const issuer = 'https://tenant.example';
export const configurationDigest = digestOf('configuration');

export function digestOf(text: string): string {
  return toBase64url(new Uint8Array(createHash('sha256').update(text).digest()));
}

export const sealingOf = (key?: Uint8Array): Sealing => memorySealing(() => new EnclosError('SEAL_NOT_OPENED'), key);
