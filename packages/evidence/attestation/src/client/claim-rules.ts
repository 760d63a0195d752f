import { toHex } from '@enclos/codec';
import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import type { Subtle } from '../crypto/web-crypto.ts';
import { notAccepted, orElse, refuseToken } from './errors.ts';
import type { AttestationType, TokenExpectations } from './expectations.ts';
import { leafOfJwk } from './keys/leaf-certificate.ts';

/** The claims that tell whether the memory can be read by a debugger; one of them must be present. */
const debugClaims: Readonly<Record<AttestationType, readonly string[]>> = Object.freeze({
  sgx: ['x-ms-sgx-is-debuggable', 'is-debuggable'],
  sevsnpvm: ['x-ms-sevsnpvm-is-debuggable'],
  tdxvm: ['tdx_td_attributes_debug'],
});

/** @throws TOKEN_NOT_ACCEPTED */
export function checkNonce(claims: JsonObject, { nonce }: TokenExpectations): void {
  if (nonce !== undefined && claims['nonce'] !== nonce) {
    notAccepted('nonce', 'The token does not repeat the nonce that was expected: it may be a replay.');
  }
}

/** @throws TOKEN_NOT_ACCEPTED */
export function checkAudience(claims: JsonObject, { audience }: TokenExpectations): void {
  const { aud } = claims;
  const named: readonly JsonValue[] = Array.isArray(aud) ? (aud as readonly JsonValue[]) : [aud ?? null];
  if (audience === undefined ? aud !== undefined : !named.includes(audience)) {
    notAccepted('audience', 'The token is for another audience, or does not name one.');
  }
}

/** @throws TOKEN_NOT_ACCEPTED */
export function checkType(claims: JsonObject, { attestationType }: TokenExpectations): void {
  if (claims['x-ms-attestation-type'] !== attestationType) {
    notAccepted('attestation-type', `The token is not about evidence of the type ${attestationType}.`);
  }
}

/**
 * True when any claim says so, and when none says that it is not.
 *
 * @throws TOKEN_NOT_ACCEPTED
 */
export function checkDebug(
  claims: JsonObject,
  { attestationType, allowDebuggable = false }: TokenExpectations,
): boolean {
  const said = debugClaims[attestationType].map((name) => claims[name]).filter((value) => value !== undefined);
  // EAT: only the values that begin so mean that debugging is off now and was off since the start (RFC 9711 section 4.2.9).
  const { dbgstat } = claims;
  const isProtected = dbgstat === undefined || (typeof dbgstat === 'string' && dbgstat.startsWith('disabled'));
  const isDebuggable = said.length === 0 || said.some((value) => value !== false) || !isProtected;
  if (isDebuggable && !allowDebuggable) {
    notAccepted('debuggable', 'The token is about something that can be debugged, or does not say that it cannot.');
  }
  return isDebuggable;
}

/**
 * What `x-enclos-platform` says; hardware has no such claim.
 *
 * @throws TOKEN_REFUSED for a claim that is not text, TOKEN_NOT_ACCEPTED
 */
export function checkPlatform(claims: JsonObject, { acceptedPlatforms = [] }: TokenExpectations): string | undefined {
  const platform = claims['x-enclos-platform'];
  if (platform === undefined) return undefined;
  if (typeof platform !== 'string') return refuseToken('claims', 'x-enclos-platform is not a text.');
  if (acceptedPlatforms.includes(platform)) return platform;
  return notAccepted(
    'platform',
    'The evidence is of a platform that gives no protection from the owner of the machine.',
  );
}

/** @throws TOKEN_NOT_ACCEPTED */
export function checkService(claims: JsonObject, expected: TokenExpectations): void {
  const { allowTestSettings = false, configurations } = expected;
  const isForTests = (claims['x-enclos-test-settings'] ?? false) !== false;
  if (isForTests && !allowTestSettings) {
    notAccepted('test-settings', 'The service runs with settings for tests, for example a time that stands still.');
  }
  const configuration = claims['x-enclos-configuration'];
  if (configurations !== undefined && !configurations.some((each) => each === configuration)) {
    notAccepted('configuration', 'The service runs with another configuration than the one that was expected.');
  }
}

/** The hash of the policy and the fingerprint of its signer, as far as the token has them. */
export interface PolicyFacts {
  readonly hash: string | undefined;
  /** SHA-256 of the certificate, hex. */
  readonly signer: string | undefined;
}

/** @throws TOKEN_REFUSED for claims of another shape, TOKEN_NOT_ACCEPTED */
export async function checkPolicy(
  claims: JsonObject,
  expected: TokenExpectations,
  subtle: Subtle,
): Promise<PolicyFacts> {
  const hash = claims['x-ms-policy-hash'];
  if (hash !== undefined && typeof hash !== 'string') refuseToken('claims', 'x-ms-policy-hash is not a text.');
  if (expected.policyHashes !== undefined && (hash === undefined || !expected.policyHashes.includes(hash))) {
    notAccepted('policy-hash', 'The service evaluated another policy than the one that was expected.');
  }
  const jwk = claims['x-ms-policy-signer'];
  const certificate =
    jwk === undefined
      ? undefined
      : orElse(
          () => leafOfJwk(jwk),
          (cause) => refuseToken('claims', 'x-ms-policy-signer has no certificate.', cause),
        );
  const signer =
    certificate === undefined ? undefined : toHex(new Uint8Array(await subtle.digest('SHA-256', certificate)));
  const { policySigners } = expected;
  if (policySigners !== undefined && !policySigners.some((each) => each.toLowerCase() === signer)) {
    notAccepted('policy-signer', 'The policy is not signed, or not by an expected signer.');
  }
  return { hash, signer };
}

/** What an Enclos service had stored when it issued the token. */
export interface StoredState {
  readonly epoch: number;
  readonly digest: string;
}

/** @throws TOKEN_REFUSED for a claim of another shape, TOKEN_NOT_ACCEPTED */
export function checkState(
  claims: JsonObject,
  { state: expected }: Pick<TokenExpectations, 'state'>,
): StoredState | undefined {
  const state = readState(claims['x-enclos-state']);
  if (expected?.minimumEpoch !== undefined && !(state !== undefined && state.epoch >= expected.minimumEpoch)) {
    notAccepted(
      'state-epoch',
      'The service works with an older state than expected: an old copy may have been restored.',
    );
  }
  if (expected?.digest !== undefined && state?.digest !== expected.digest) {
    notAccepted('state-digest', 'The service works with another state than was expected.');
  }
  return state;
}

function readState(claim: JsonValue | undefined): StoredState | undefined {
  if (claim === undefined) return undefined;
  const { epoch, digest } = isJsonObject(claim) ? claim : {};
  const isGood = typeof epoch === 'number' && Number.isSafeInteger(epoch) && epoch >= 0;
  if (!isGood || typeof digest !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(digest)) {
    return refuseToken('claims', 'x-enclos-state is not an epoch and a digest.');
  }
  return Object.freeze({ epoch, digest });
}
