import type { JsonObject, JsonValue } from '@enclos/codec/json';
import type { StoredState } from '../claim-rules.ts';
import type { AttestationType } from '../expectations.ts';
import type { TeeFacts } from '../facts.ts';
import type { AppraisedSigner } from '../keys/signing-evidence.ts';

declare const tokenBrand: unique symbol;

/** The facts of a token that is genuine. */
export interface TokenFacts {
  readonly issuer: string;
  readonly kid: string;
  readonly algorithm: string;
  /** Milliseconds since 1970. */
  readonly issuedAtMs: number;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
  /** What the evidence in the certificate of the key proved; only with `signingEvidence`. */
  readonly signer: AppraisedSigner | undefined;
  /** All claims, frozen, as the token has them. */
  readonly claims: JsonObject;
  /** The token itself, to pass on. Keep it out of logs. */
  readonly jwt: string;
}

interface AttestationFacts extends TokenFacts, TeeFacts {
  readonly attestationType: AttestationType;
  /** True only when the caller allows it. */
  readonly isDebuggable: boolean;
  /** `x-enclos-platform`; undefined for hardware, and for services that know no such claim. */
  readonly platform: string | undefined;
  readonly nonce: string | undefined;
  readonly policyHash: string | undefined;
  /** SHA-256 of the certificate that signed the policy, hex. */
  readonly policySigner: string | undefined;
  /** JSON runtime data: what the attested code said of itself, bound by the evidence. */
  readonly runtime: JsonValue | undefined;
  readonly initTime: JsonValue | undefined;
  /** `x-enclos-state`: keep it, and expect no older one next time. */
  readonly state: StoredState | undefined;
}

/**
 * An attestation token that was verified, and is what its caller expected. Only
 * a client makes one: ask for this type where trust is needed.
 */
export interface VerifiedToken extends AttestationFacts {
  readonly [tokenBrand]: true;
}

const made = new WeakSet<object>();

export function verifiedToken(facts: AttestationFacts): VerifiedToken {
  const token = Object.freeze({ ...facts }) as VerifiedToken;
  made.add(token);
  return token;
}

/** True for what a client of this copy of the package verified. */
export function isVerifiedToken(value: unknown): value is VerifiedToken {
  return typeof value === 'object' && value !== null && made.has(value);
}
