import type { JsonValue } from '@enclos/codec/json';
import { misused } from '../refusal/refusal.ts';
import type { Subtle } from '../crypto/web-crypto.ts';
import { isSignatureAlgorithm, type SignatureAlgorithm } from '@enclos/jose';
import type { KeyCacheOptions } from './keys/key-source.ts';
import { readKeySet, type KeySet } from './keys/key-set.ts';
import type { SigningEvidenceOptions } from './keys/signing-evidence.ts';
import type { Fetch } from './transport.ts';

export interface KeyOptions extends KeyCacheOptions {
  /** A JSON Web Key Set to use in place of what the service lists: nothing is fetched then. */
  readonly pinned?: JsonValue;
}

export interface AttestationClientOptions {
  /** Where the service is: `https://NAME.REGION.attest.azure.net`, or an endpoint of an Enclos service. */
  readonly endpoint: string;
  /** What tokens name as their issuer. Default: the endpoint. */
  readonly issuer?: string;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the system. */
  readonly now?: () => Date;
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
  /** Default: 2025-06-01. */
  readonly apiVersion?: string;
  /** The algorithms that tokens may be signed with. Default: RS256, ES256 and ES384. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** How far the clocks may differ, at most ten minutes. Default: 1 minute. */
  readonly clockSkewMs?: number;
  /** For the whole of one answer. Default: 15 s. */
  readonly timeoutMs?: number;
  readonly keys?: KeyOptions;
  /** If given, a key counts only with evidence in its certificate that this accepts. */
  readonly signingEvidence?: SigningEvidenceOptions;
  /** Gives a bearer token for the calls that manage policies and certificates. */
  readonly credential?: () => Promise<string>;
  /** Allows `http:` to this machine, for tests. Default: false. */
  readonly allowLoopbackHttp?: boolean;
}

/** The options, checked and complete. */
export interface Settings {
  readonly endpoint: string;
  readonly issuer: string;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly subtle: Subtle;
  readonly apiVersion: string;
  readonly algorithms: ReadonlySet<string>;
  readonly clockSkewMs: number;
  readonly timeoutMs: number;
  readonly keys: Required<KeyCacheOptions>;
  readonly pinned: KeySet | undefined;
  readonly signingEvidence: SigningEvidenceOptions | undefined;
  readonly credential: (() => Promise<string>) | undefined;
}

const maximumSkewMs = 600_000;
const maximumDurationMs = 86_400_000;

/** Enclaves have none. */
const globalFetch: Fetch = async (url, init) => {
  if (typeof globalThis.fetch !== 'function') return misused('There is no `fetch` here: give one with the options.');
  return globalThis.fetch(url, init);
};

/** @throws VERIFIER_MISUSED */
export function settingsOf(options: AttestationClientOptions): Settings {
  const allowHttp = options.allowLoopbackHttp ?? false;
  const { maximumAgeMs, cooldownMs, pinned } = options.keys ?? {};
  const now = options.now ?? ((): Date => new Date());
  return Object.freeze({
    endpoint: baseOf(options.endpoint, 'endpoint', allowHttp),
    issuer: baseOf(options.issuer ?? options.endpoint, 'issuer', allowHttp),
    fetch: options.fetch ?? globalFetch,
    nowMs: () => finite(now().getTime()),
    subtle:
      options.subtle ??
      globalThis.crypto?.subtle ??
      misused('WebCrypto is not available here; in a browser it needs a secure context.'),
    apiVersion: versionOf(options.apiVersion ?? '2025-06-01'),
    algorithms: algorithmsOf(options.algorithms ?? ['RS256', 'ES256', 'ES384']),
    clockSkewMs: duration('clockSkewMs', options.clockSkewMs ?? 60_000, maximumSkewMs),
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 15_000, maximumDurationMs),
    keys: {
      maximumAgeMs: duration('keys.maximumAgeMs', maximumAgeMs ?? 3_600_000, maximumDurationMs),
      cooldownMs: duration('keys.cooldownMs', cooldownMs ?? 30_000, maximumDurationMs),
    },
    pinned: pinned === undefined ? undefined : readKeySet(pinned),
    signingEvidence: options.signingEvidence,
    credential: options.credential,
  });
}

/** Comparisons with no number are all false, so nothing would be expired. */
function finite(timeMs: number): number {
  return Number.isFinite(timeMs) ? timeMs : misused('The clock that was given does not give a time.');
}

/** A milliseconds option. @throws VERIFIER_MISUSED */
export function duration(name: string, value: number, maximum: number): number {
  const isGood = Number.isInteger(value) && value >= 0 && value <= maximum;
  return isGood ? value : misused(`${name} is not a whole number of milliseconds up to ${maximum}.`);
}

/** Origin and path of an issuer or endpoint, without a slash at the end; undefined for what is neither. */
export function canonicalBase(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain =
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '' &&
    // URL drops a "?" or "#" with nothing after it, and white space.
    !/[?#\s\\@]/.test(text);
  return isPlain ? `${url.origin}${url.pathname.replace(/\/$/, '')}` : undefined;
}

function baseOf(text: string, name: string, allowHttp: boolean): string {
  const base = canonicalBase(text) ?? misused(`The ${name} is not a URL of an attestation service.`);
  const { protocol, hostname } = new URL(base);
  if (protocol === 'https:' || (allowHttp && isLoopback(hostname))) return base;
  return misused(`The ${name} is not https: (allowLoopbackHttp allows http: to this machine, and to no other).`);
}

/** The only name is `localhost`, which browsers and Node resolve without a network (RFC 6761 section 6.3). */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function versionOf(version: string): string {
  return /^\d{4}-\d{2}-\d{2}(?:-preview)?$/.test(version)
    ? version
    : misused('apiVersion is not a date such as 2025-06-01.');
}

function algorithmsOf(names: readonly string[]): ReadonlySet<string> {
  if (names.length === 0) return misused('algorithms is empty, so no token could be accepted.');
  const unknown = names.find((name) => !isSignatureAlgorithm(name));
  if (unknown !== undefined) return misused('algorithms names one that is not RS, PS or ES with 256, 384 or 512.');
  return new Set(names);
}
