import {
  checkAudience,
  checkDebug,
  checkNonce,
  checkPlatform,
  checkPolicy,
  checkService,
  checkState,
  checkType,
} from '../claim-rules.ts';
import { checkBoundData } from '../data-rules.ts';
import { checkExpectations, type TokenExpectations } from '../expectations.ts';
import { teeFacts } from '../facts.ts';
import { readToken } from './read-token.ts';
import type { KeySource } from '../keys/key-source.ts';
import type { Settings } from '../options.ts';
import { checkSignature } from './signature.ts';
import { checkHeader, checkIssuer, checkTimes } from './token-rules.ts';
import { verifiedToken, type TokenFacts, type VerifiedToken } from './verified-token.ts';

/** What verification works with. */
export interface Verifier {
  readonly settings: Settings;
  readonly keys: Pick<KeySource, 'appraise' | 'find'>;
}

export const maximumTokenBytes = 131_072;

/**
 * Everything that holds for any token of the service: form, header, key,
 * signature, issuer, times, and the evidence for the key if that was asked for.
 *
 * @throws TOKEN_REFUSED, TOKEN_NOT_ACCEPTED, and what fetching keys throws
 */
export async function verifyGenuine(
  jwt: string,
  { settings, keys }: Verifier,
  limits: { readonly maximumBytes: number; readonly maximumAgeMs: number },
): Promise<TokenFacts> {
  const parsed = readToken(jwt, limits.maximumBytes);
  const { algorithm, kid } = checkHeader(parsed, settings);
  // Cheap, and before anything is fetched for a token that could not be accepted anyway.
  checkIssuer(parsed.claims, settings);
  const times = checkTimes(parsed.claims, {
    nowMs: settings.nowMs(),
    skewMs: settings.clockSkewMs,
    maximumAgeMs: limits.maximumAgeMs,
  });
  const listed = await keys.find(kid);
  await checkSignature(parsed, listed, settings.subtle);
  const signer = await keys.appraise(listed);
  return { issuer: settings.issuer, kid, algorithm, ...times, signer, claims: parsed.claims, jwt };
}

/** As `AttestationClient.verifyToken`. */
export async function verifyAttestationToken(
  jwt: string,
  expected: TokenExpectations,
  verifier: Verifier,
): Promise<VerifiedToken> {
  const maximumAgeMs = checkExpectations(expected);
  const facts = await verifyGenuine(jwt, verifier, { maximumBytes: maximumTokenBytes, maximumAgeMs });
  const { claims } = facts;
  const { subtle } = verifier.settings;
  checkType(claims, expected);
  checkNonce(claims, expected);
  checkAudience(claims, expected);
  const platform = checkPlatform(claims, expected);
  checkService(claims, expected);
  const isDebuggable = checkDebug(claims, expected);
  const policy = await checkPolicy(claims, expected, subtle);
  const state = checkState(claims, expected);
  await checkBoundData(claims, expected, subtle);
  const { nonce } = claims;
  return verifiedToken({
    ...facts,
    ...teeFacts(claims, expected.attestationType),
    attestationType: expected.attestationType,
    isDebuggable,
    platform,
    nonce: typeof nonce === 'string' ? nonce : undefined,
    policyHash: policy.hash,
    policySigner: policy.signer,
    runtime: claims['x-ms-runtime'],
    initTime: claims['x-ms-inittime'],
    state,
  });
}
