import { isEnclosError } from '@enclos/errors';
import { isRefusal, Refusal } from '@enclos/service/refusal';
import { isChain, leadsTo } from '../certificates/chain.ts';
import type { PolicyCertificate } from '../certificates/policy-certificate.ts';
import { readCompactJws, type CompactJws } from '@enclos/jose';
import { verifyJwsSync } from '@enclos/jose/node';
import { readX5c } from '../certificates/x5c.ts';

/** A JWS of a manager whose signature, where there is one, was verified. */
export interface ManagementJws {
  readonly text: string;
  readonly payload: Uint8Array;
  /** The certificates that it came with, the one that signed first; none when it is not signed. */
  readonly chain: readonly PolicyCertificate[];
}

/** base64url twice around a policy of 1 MB, and its certificates. */
export const maximumJws = 2_097_152;

/**
 * Reads what a manager sends: not signed (`alg` `none`), or signed by the first certificate of its `x5c`, whose chain
 * is sound and current. `requireRegistered` decides who that is.
 *
 * @throws SERVICE_REQUEST_INVALID
 */
export function openManagementJws(text: string, now: Date): ManagementJws {
  try {
    const jws = readCompactJws(text, { maxLength: maximumJws });
    if ('jku' in jws.header) throw refused('Its header names an address to fetch keys from.');
    return { text, payload: jws.payload, chain: jws.algorithm === 'none' ? unsigned(jws) : signedBy(jws, now) };
  } catch (error) {
    if (!isEnclosError(error) || isRefusal(error)) throw error;
    throw refused(error.message, error);
  }
}

function unsigned({ header }: CompactJws): readonly PolicyCertificate[] {
  // The manager meant to sign this one.
  if ('x5c' in header) throw refused('It names certificates and has no signature.');
  return [];
}

function signedBy(jws: CompactJws, now: Date): readonly PolicyCertificate[] {
  const chain = readX5c(jws.header['x5c']);
  const [leaf] = chain;
  if (leaf === undefined || !verifyJwsSync(jws, leaf.key)) {
    throw refused('Its signature is not that of its first certificate, with an algorithm that fits the key.');
  }
  if (!isChain(chain, now)) throw refused('Its certificate chain is broken, or has a certificate that is not of now.');
  return chain;
}

/**
 * For tenants of the isolated model: the signer is a registered certificate, or a registered authority issued it.
 * @throws SERVICE_REQUEST_INVALID, also for what is not signed.
 */
export function requireRegistered({ chain }: ManagementJws, registered: readonly PolicyCertificate[], now: Date): void {
  if (chain.length === 0) throw refused('This tenant takes only what a policy management certificate signed.');
  if (!leadsTo(registered, chain, now)) throw refused('Its signer is none of the policy management certificates.');
}

function refused(reason: string, cause?: unknown): Refusal {
  return new Refusal('SERVICE_REQUEST_INVALID', `The JSON Web Signature is refused. ${reason}`, {
    explanation: { rule: 'jws' },
    cause,
  });
}
