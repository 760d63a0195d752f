import { derEnumerated, derExplicit, derInteger, derMagnitude, derSequence, derTime } from '@enclos/codec';
import { algorithmOf, signedValue } from './certificate.ts';
import { encodeExtensions, ExtensionId, type Extension } from './extensions.ts';
import type { KeyPair, RsaKeyPair } from './keys.ts';
import { encodeName, type Name } from './name.ts';

export interface RevokedEntry {
  readonly serialNumber: Uint8Array;
  readonly at: Date;
  /** CRLReason (RFC 5280 section 5.3.1): 1 keyCompromise. No entry extension unless given. */
  readonly reason?: number;
}

/** Everything that a certificate revocation list says. Nothing is checked. */
export interface RevocationListSpec {
  /** 2 is X.509 v2; 1 leaves the version out. */
  readonly version: number;
  readonly issuer: Name;
  readonly issuerKey: KeyPair | RsaKeyPair;
  readonly thisUpdate: Date;
  /** Left out when undefined, which RFC 5280 forbids. */
  readonly nextUpdate: Date | undefined;
  readonly revoked: readonly RevokedEntry[];
  /** No extensions at all when empty. */
  readonly extensions: readonly Extension[];
  readonly algorithm?: Uint8Array;
  readonly outerAlgorithm?: Uint8Array;
}

/** Encodes and signs a revocation list (RFC 5280 section 5.1). */
export function issueRevocationList(spec: RevocationListSpec): Uint8Array {
  const algorithm = spec.algorithm ?? algorithmOf(spec.issuerKey);
  const entries = spec.revoked.map(({ serialNumber, at, reason }) =>
    derSequence(
      derMagnitude(serialNumber),
      derTime(at),
      ...(reason === undefined
        ? []
        : [encodeExtensions([{ id: ExtensionId.reasonCode, value: derEnumerated(reason) }])]),
    ),
  );
  const body = derSequence(
    ...(spec.version === 1 ? [] : [derInteger(spec.version - 1)]),
    algorithm,
    encodeName(spec.issuer),
    derTime(spec.thisUpdate),
    ...(spec.nextUpdate === undefined ? [] : [derTime(spec.nextUpdate)]),
    // Absent, not empty, when nothing is revoked.
    ...(entries.length === 0 ? [] : [derSequence(...entries)]),
    ...(spec.extensions.length === 0 ? [] : [derExplicit(0, encodeExtensions(spec.extensions))]),
  );
  return signedValue(body, spec.issuerKey, spec.outerAlgorithm ?? algorithm);
}
