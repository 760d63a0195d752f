import { createHash } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JWTPayload } from 'jose';
import type { PublishedKey } from '@enclos/service/peers';
import type { TokenSignerOptions } from '../../src/tokens/signer.ts';

export const issuer = 'https://tenant.test:8443';

/** A clock that a test moves. */
export interface Clock {
  ms: number;
}

export const minuteMs = 60_000;

/** Bytes that carry their report data, for tests that verify no quote. */
export function quoteLike(reportData: Uint8Array): Promise<Uint8Array> {
  return Promise.resolve(new Uint8Array(createHash('sha256').update(reportData).digest()));
}

export function signerOptions(clock: Clock, changes: Partial<TokenSignerOptions> = {}): TokenSignerOptions {
  return {
    issuer,
    algorithm: 'ES256',
    validityMinutes: 480,
    keys: { rotateMinutes: 60, overlapMinutes: 10 },
    configurationDigest: 'CFdigest',
    software: false,
    testSettings: false,
    quote: quoteLike,
    now: () => new Date(clock.ms),
    ...changes,
  };
}

/** The JWKS as `/certs` answers it. */
function jwksOf(keys: readonly PublishedKey[]): { readonly keys: Record<string, unknown>[] } {
  return { keys: keys.map(({ kid, kty, alg, jwk, x5c }) => ({ kid, kty, alg, ...jwk, x5c: [...x5c], use: 'sig' })) };
}

/** Verifies with jose, by the published keys alone. */
export async function verified(
  token: string,
  keys: readonly PublishedKey[],
  { algorithms = ['ES256'], atMs }: { readonly algorithms?: string[]; readonly atMs: number },
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwksOf(keys)), {
    algorithms,
    issuer,
    currentDate: new Date(atMs),
  });
  return payload;
}
