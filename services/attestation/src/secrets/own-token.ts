import { webcrypto } from 'node:crypto';
import { createAttestationClient, type AttestationType, type VerifiedToken } from '@enclos/attestation/client';
import { isEnclosError } from '@enclos/errors';
import { invalid } from '@enclos/service/body';
import { readJwt } from '@enclos/jose';
import type { TenantConfiguration } from '../configuration/configuration.ts';
import type { TokenSigner } from '../tokens/signer.ts';

export const maximumTokenLength = 131_072;
/** What of a tenant its tokens are verified by. */
export interface OwnTenant {
  readonly configuration: Pick<TenantConfiguration, 'issuer' | 'softwareRoots' | 'tokens'>;
  readonly configurationDigest: string;
  readonly signer: Pick<TokenSigner, 'ownKeys'>;
}

const types: ReadonlySet<unknown> = new Set(['sgx', 'sevsnpvm', 'tdxvm'] satisfies AttestationType[]);

/**
 * Verifies a token of this tenant, as the client for relying parties does, by the keys that this replica has itself. Keys
 * of peers do not count: a host can start the same service a second time with an older store, and what that one says by
 * the policies in it is not what this one would say. So no token outlives the service that gave it.
 *
 * Debuggable enclaves and services with settings for tests are refused, and a token that names an audience: it is for
 * another party.
 *
 * @throws SERVICE_REQUEST_INVALID for something that is not a token of an attestation; TOKEN_REFUSED; TOKEN_NOT_ACCEPTED.
 */
export async function verifyOwnToken(
  jwt: string,
  { configuration, configurationDigest, signer }: OwnTenant,
  now: () => Date,
): Promise<VerifiedToken> {
  const { issuer, softwareRoots, tokens } = configuration;
  const keys = signer.ownKeys().map(({ kid, kty, alg, jwk }) => ({ ...jwk, kid, kty, alg, use: 'sig' }));
  const client = createAttestationClient({
    endpoint: issuer,
    fetch: () => Promise.reject(new Error('Nothing is fetched: the keys are given.')),
    now,
    subtle: webcrypto.subtle,
    algorithms: [tokens.algorithm],
    // The clock is the one that the token was made by.
    clockSkewMs: 0,
    keys: { pinned: { keys } },
  });
  return client.verifyToken(jwt, {
    attestationType: claimedType(jwt),
    configurations: [configurationDigest],
    ...(softwareRoots.length > 0 ? { acceptedPlatforms: ['software'] } : {}),
    maximumAgeMs,
  });
}

/** More than the longest validity of a token, which is what counts. */
const maximumAgeMs = 2 * 86_400_000;

/** What the token says that it is about: believed when the signature over it is. */
function claimedType(jwt: string): AttestationType {
  try {
    const type = readJwt(jwt, { maxLength: maximumTokenLength }).claims['x-ms-attestation-type'];
    if (isAttestationType(type)) return type;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw invalid(`target is not a token: ${error.message}`, error);
  }
  throw invalid('target is not an attestation token.');
}

function isAttestationType(type: unknown): type is AttestationType {
  return types.has(type);
}
