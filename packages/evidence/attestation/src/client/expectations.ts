import { misused } from '../refusal/refusal.ts';
import { duration } from './options.ts';

/** Which evidence a token is about: the claim `x-ms-attestation-type`. */
export type AttestationType = 'sgx' | 'sevsnpvm' | 'tdxvm';

/** Data that the evidence binds by its hash. As `json` its claims are in the token, as `binary` the bytes or their hash. */
export interface BoundData {
  readonly data: Uint8Array;
  readonly type: 'binary' | 'json';
}

/** What a token must say beside being genuine. */
export interface TokenExpectations {
  readonly attestationType: AttestationType;
  /** The nonce that the token must repeat. */
  readonly nonce?: string;
  /** The audience that the token must name. Without it a token that names any is refused (RFC 7519 section 4.1.3). */
  readonly audience?: string;
  /** One of these is the hash of the policy, as `policyHashOf` gives it. */
  readonly policyHashes?: readonly string[];
  /** One of these, SHA-256 in hex, is the certificate that signed the policy. */
  readonly policySigners?: readonly string[];
  /** Since the token was issued. Default: 8 hours, what Azure's tokens live. */
  readonly maximumAgeMs?: number;
  /** Accepts tokens of debuggable enclaves and machines. Default: false. */
  readonly allowDebuggable?: boolean;
  /** Values of `x-enclos-platform` to accept, for example `software`. Without it a token that has the claim is refused. */
  readonly acceptedPlatforms?: readonly string[];
  /** Accepts tokens of an Enclos service that runs with settings for tests (`x-enclos-test-settings`). Default: false. */
  readonly allowTestSettings?: boolean;
  /** One of these is `x-enclos-configuration`, the digest of what an Enclos service was configured with. */
  readonly configurations?: readonly string[];
  /** The runtime data that the evidence must bind. */
  readonly runtimeData?: BoundData;
  /** The data of the start that the evidence must bind. Binary data of a TDX machine has no claim. */
  readonly initTimeData?: BoundData;
  /** What an Enclos service must have stored: at least this epoch, exactly this digest. */
  readonly state?: { readonly minimumEpoch?: number; readonly digest?: string };
}

const types: ReadonlySet<string> = new Set(['sgx', 'sevsnpvm', 'tdxvm'] satisfies AttestationType[]);
const eightHoursMs = 28_800_000;
const weekMs = 604_800_000;

/** The maximum age. @throws VERIFIER_MISUSED for expectations that could not be meant. */
export function checkExpectations(expected: TokenExpectations): number {
  if (!types.has(expected.attestationType)) misused('attestationType is not sgx, sevsnpvm or tdxvm.');
  for (const [name, value] of Object.entries(expected)) {
    // An expectation that got lost on its way here must not turn into none.
    if (value === undefined) misused(`${name} is there without a value: leave it out, or expect something.`);
  }
  for (const name of ['acceptedPlatforms', 'configurations', 'policyHashes', 'policySigners'] as const) {
    // A text would be searched for parts of it.
    if (expected[name] !== undefined && !Array.isArray(expected[name])) misused(`${name} is not a list.`);
  }
  if (expected.nonce === '') misused('An empty nonce protects from nothing.');
  if (expected.initTimeData?.type === 'binary' && expected.attestationType === 'tdxvm') {
    misused('Binary init-time data of a TDX machine is in no claim that could be compared.');
  }
  return duration('maximumAgeMs', expected.maximumAgeMs ?? eightHoursMs, weekMs);
}
