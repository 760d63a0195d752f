import { BoundedMap, ContentMap } from '@enclos/bounded';
import { CollateralCache } from './collateral-cache.ts';
import type { Endorsements } from './collateral.ts';
import { misused } from '../refusal/refusal.ts';
import type { CertifiedPlatform, VerifiedPlatform } from './platform-chain.ts';

/** How many entries of each kind a cache keeps; 0 keeps none. */
export interface VerifierCacheLimits {
  /** Parsed collateral, under 1 MiB each. Default: 16. */
  readonly collateral?: number;
  /** PCK chains whose certificates, and all the collateral they were given with, are verified. Default: 64. */
  readonly pckChains?: number;
  /** Attestation keys that a quoting enclave vouches for, with the platform that vouches for it. Default: 512. */
  readonly quotingEnclaves?: number;
  /** Certificates and revocation lists of AMD's chains, each with the key that signed it, under 16 KiB each. Default: 512. */
  readonly amdSignatures?: number;
}

declare const cacheBrand: unique symbol;

/**
 * Remembers which signatures were found good, by the whole content that they
 * are about, and what those bytes alone decide: another byte anywhere is another entry. It never holds a verdict:
 * trust in the root, the match of the TCB info, a TD's TCB, the dates and the
 * signature of the quote or report itself are checked each time. For a
 * chain of AMD, so are all of its rules, and revocation. Made by `createVerifierCache`.
 */
export interface VerifierCache {
  readonly [cacheBrand]: true;
}

export interface CacheParts {
  readonly collateral: CollateralCache;
  /** By the JSON text that was parsed. */
  readonly collateralTexts: BoundedMap<Endorsements>;
  /** By the identity of the endorsements, and the content of the certificates. */
  readonly pckChains: ContentMap<VerifiedPlatform>;
  /** By the identity of the endorsements, and all that follows the quote's signature, certificates included. */
  readonly quotingEnclaves: ContentMap<CertifiedPlatform>;
  /** By the key that signed, what it signed, and the signature. */
  readonly amdSignatures: ContentMap<true>;
}

const defaults = { collateral: 16, pckChains: 64, quotingEnclaves: 512, amdSignatures: 512 };
const maximumLimit = 65_536;
const made = new WeakMap<object, CacheParts>();

/**
 * A separate cache, for callers that want other limits than those of the shared cache
 * that is used by default, or that do not want to share.
 *
 * @throws VERIFIER_MISUSED for a limit that is not an integer from 0 to 65536.
 */
export function createVerifierCache(limits: VerifierCacheLimits = {}): VerifierCache {
  const { collateral, pckChains, quotingEnclaves, amdSignatures } = { ...defaults, ...limits };
  for (const limit of [collateral, pckChains, quotingEnclaves, amdSignatures]) {
    if (!Number.isInteger(limit) || limit < 0 || limit > maximumLimit) {
      misused(`A limit of the cache is not an integer from 0 to ${maximumLimit}.`);
    }
  }
  // The brand exists for the compiler only; `made` is what holds at run time.
  const cache = Object.freeze({}) as VerifierCache;
  made.set(cache, {
    collateral: new CollateralCache(collateral),
    collateralTexts: new BoundedMap(collateral),
    pckChains: new ContentMap(pckChains),
    quotingEnclaves: new ContentMap(quotingEnclaves),
    amdSignatures: new ContentMap(amdSignatures),
  });
  return cache;
}

const shared = createVerifierCache();
const ofImplementations = new WeakMap<object, VerifierCache>();

/**
 * The cache for a caller that passed none: the shared one, or for a caller that
 * brings an implementation of cryptography, one that only this implementation
 * fills. Other implementations may not accept what it accepts.
 */
export function cacheFor(implementation: object | undefined): VerifierCache {
  if (implementation === undefined) return shared;
  const cache = ofImplementations.get(implementation) ?? createVerifierCache();
  ofImplementations.set(implementation, cache);
  return cache;
}

/** @throws VERIFIER_MISUSED for an object that `createVerifierCache` did not make. */
export function cachePartsOf(cache: VerifierCache = shared): CacheParts {
  return made.get(cache) ?? misused('The cache is not a result of createVerifierCache.');
}
