import { EnclosError } from '@enclos/errors';
import { randomUUID } from 'node:crypto';
import { compactJws } from '@enclos/jose';
import type { PublishedKey } from '@enclos/service/peers';
import { signingInput } from './jwt.ts';
import { KeyRing } from './key-ring.ts';
import type { JsonClaims, RotatingTokenSigner, SignOptions, TokenSignerOptions } from './signer.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';
import { boundedValidity, tokenTimes } from './token-times.ts';

const minuteMs = 60_000;
const dayMinutes = 1440;

/**
 * A signer with a first key.
 * @throws ATTESTATION_TENANT_UNUSABLE for options that make no sense; what the quote throws.
 */
export async function createTokenSigner(options: TokenSignerOptions): Promise<RotatingTokenSigner> {
  const { keys, maximumValidityMinutes = dayMinutes, now, peers } = options;
  checkValidity(options.validityMinutes, maximumValidityMinutes);
  // Other keys of this enclave are attested for issuers with a fragment: none of them must pass for one of these.
  if (options.issuer.includes('#')) {
    throw new EnclosError('ATTESTATION_TENANT_UNUSABLE', 'The issuer of tokens is a URL without a fragment.');
  }
  const ring = await KeyRing.create({
    rotateMs: keys.rotateMinutes * minuteMs,
    overlapMs: keys.overlapMinutes * minuteMs,
    maximumValidityMs: maximumValidityMinutes * minuteMs,
    create: (dates) => createSigningKey(options, dates),
    now,
  });
  const parts = { options, ring, fixed: fixedClaims(options) };
  const ownKeys = (): readonly PublishedKey[] => ring.published().map(({ published }) => published);
  return Object.freeze({
    sign: (claims: JsonClaims, signOptions: SignOptions = {}) => signToken(claims, signOptions, parts),
    publishedKeys: async () => {
      const others = peers === undefined ? [] : await peers();
      const own = ownKeys();
      const kids = new Set(own.map(({ kid }) => kid));
      return [...own, ...others.filter(({ kid }) => !kids.has(kid))];
    },
    ownKeys,
    advance: () => ring.advance(),
  });
}

/** What the signer says in every token, over whatever claims it is given. */
export function fixedClaims({
  issuer,
  configurationDigest,
  software,
  testSettings,
}: Pick<TokenSignerOptions, 'issuer' | 'configurationDigest' | 'software' | 'testSettings'>): JsonClaims {
  return {
    iss: issuer,
    'x-enclos-configuration': configurationDigest,
    ...(software ? { 'x-enclos-platform': 'software' } : {}),
    ...(testSettings ? { 'x-enclos-test-settings': true } : {}),
  };
}

interface SignerParts {
  readonly options: TokenSignerOptions;
  readonly ring: KeyRing;
  readonly fixed: JsonClaims;
}

async function signToken(
  claims: JsonClaims,
  { validityMinutes, certificate, at }: SignOptions,
  { options, ring, fixed }: SignerParts,
): Promise<string> {
  const { validityMinutes: usual, maximumValidityMinutes = dayMinutes, now, issuer } = options;
  const times = tokenTimes((at ?? now()).getTime(), boundedValidity(validityMinutes ?? usual, maximumValidityMinutes));
  const key = await ring.keyFor(times.exp * 1000);
  const { kid, alg } = key.published;
  const header = { alg, kid, jku: `${issuer}/certs`, typ: 'JWT', ...certificateMember(key, certificate) };
  const { iat, nbf, exp } = times;
  const all = { ...claims, ...fixed, iat, nbf, exp, jti: randomUUID() };
  const input = signingInput(header, all);
  return compactJws(input, await key.sign(input));
}

function certificateMember({ published, x5t }: SigningKey, certificate: SignOptions['certificate']): JsonClaims {
  if (certificate === undefined) return {};
  return certificate === 'x5c' ? { x5c: published.x5c } : { x5t };
}

function checkValidity(usual: number, maximum: number): void {
  const isUsable = Number.isInteger(usual) && Number.isInteger(maximum) && usual >= 1 && usual <= maximum;
  if (!isUsable) {
    throw new EnclosError(
      'ATTESTATION_TENANT_UNUSABLE',
      'Tokens are good for a minute at least, and for the maximum at most.',
    );
  }
}
