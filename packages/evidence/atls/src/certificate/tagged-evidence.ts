import { cborArray, cborBytes, CborReader, cborTag, CborType } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Role } from '../roles.ts';

/** DICE tagged evidence of the Interoperable RA-TLS: a quote, and the claims that its report data is the hash of. */
export interface TaggedEvidence {
  readonly quote: Uint8Array;
  /** As they are hashed. */
  readonly claims: Uint8Array;
}

/** What claims say that this package knows. */
export interface Claims {
  readonly keyDigest: { readonly algorithm: DigestAlgorithm; readonly digest: Uint8Array };
  /** When they are ours: for which protocol and role the key is. */
  readonly own: OwnClaims | undefined;
}

/** As Node names them. */
export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** What our claims say of a key. */
export type OwnClaims = ConnectionKeyClaims | TokenKeyClaims;

/** A key for attested TLS. */
export interface ConnectionKeyClaims {
  readonly role: Role;
  /** By the clock that the attester sees, which inside an enclave is the host's. */
  readonly issuedAtMs: number;
}

/** A key that signs tokens, and never speaks attested TLS. */
export interface TokenKeyClaims {
  readonly role: 'token-signer';
  readonly issuedAtMs: number;
  /** In whose name it signs: `iss` of its tokens. */
  readonly issuer: string;
  /** The digest of the configuration under which it signs. */
  readonly configuration: string;
}

/** The tag of a quote with claims; 60001 and 60002 are reports without a signature that a stranger could verify. */
const quoteTag = 60_000;
export const maximumBytes = Object.freeze({ quote: 131_072, claims: 4096, key: 64, issuer: 1024, configuration: 128 });
const maximumClaims = 16;
export const ownTag = 'enclos-atls/1';
/** Members of our claims. Those of others are ignored, as are ours by others. */
export const claimName = Object.freeze({
  key: 'pubkey-hash',
  tag: 'enclos-tag',
  role: 'enclos-role',
  issuedAt: 'enclos-issued-at',
  issuer: 'enclos-issuer',
  configuration: 'enclos-configuration',
});
/** Named Information Hash Algorithm Registry (RFC 6920 section 9.4, as CCC's documents use it). */
const digestNames: ReadonlyMap<number, DigestAlgorithm> = new Map([
  [1, 'sha256'],
  [7, 'sha384'],
  [8, 'sha512'],
]);

export function encodeTaggedEvidence({ quote, claims }: TaggedEvidence): Uint8Array {
  return cborTag(quoteTag, cborArray(cborBytes(quote), cborBytes(claims)));
}

/** @throws a CODEC error. */
export function decodeTaggedEvidence(bytes: Uint8Array): TaggedEvidence {
  const reader = new CborReader(bytes);
  if (reader.tag() !== quoteTag) throw invalid('Tagged evidence of another tag than that of a quote with claims.');
  if (reader.array(2) !== 2) throw invalid('Tagged evidence that is not a quote and claims.');
  const quote = reader.byteString(maximumBytes.quote).slice();
  const claims = reader.byteString(maximumBytes.claims).slice();
  reader.end();
  return { quote, claims };
}

/** @throws a CODEC error. */
export function decodeClaims(bytes: Uint8Array): Claims {
  const reader = new CborReader(bytes);
  const seen = new Set<string>();
  let keyDigest: Claims['keyDigest'] | undefined;
  const own: FoundClaims = {};
  for (let left = reader.map(maximumClaims); left > 0; left--) {
    const member = reader.text(maximumBytes.key);
    if (seen.has(member)) throw invalid('A claim that occurs twice.');
    seen.add(member);
    if (member === claimName.key) keyDigest = decodeDigest(reader.byteString(maximumBytes.claims));
    else if (member === claimName.tag) own.tag = reader.text(maximumBytes.key);
    else if (member === claimName.role) own.role = reader.text(maximumBytes.key);
    else if (member === claimName.issuedAt) own.issuedAtMs = reader.unsigned(0xff_ffff_ffff) * 1000;
    else if (member === claimName.issuer) own.issuer = reader.text(maximumBytes.issuer);
    else if (member === claimName.configuration) own.configuration = reader.text(maximumBytes.configuration);
    else reader.skip();
  }
  reader.end();
  if (keyDigest === undefined) throw invalid('Claims without the hash of a key.');
  return Object.freeze({ keyDigest, own: ownClaims(own) });
}

interface FoundClaims {
  tag?: string;
  role?: string;
  issuedAtMs?: number;
  issuer?: string;
  configuration?: string;
}

/**
 * Claims that bear our tag must be complete and have a known role, or they are refused: a key for another purpose must
 * not pass as the key of a peer without claims.
 */
function ownClaims({ tag, role, issuedAtMs, issuer, configuration }: FoundClaims): OwnClaims | undefined {
  if (tag !== ownTag) return undefined;
  if (issuedAtMs === undefined) throw invalid('Claims of ours without a time.');
  const isForTokens = role === 'token-signer';
  if (isForTokens !== (issuer !== undefined) || isForTokens !== (configuration !== undefined)) {
    throw invalid('Claims of ours with an issuer and a configuration in another role than that of a token signer.');
  }
  if (role === 'client' || role === 'server') return Object.freeze({ role, issuedAtMs });
  if (!isForTokens || issuer === undefined || configuration === undefined) {
    throw invalid('Claims of ours for a role that is not known.');
  }
  return Object.freeze({ role, issuedAtMs, issuer, configuration });
}

function decodeDigest(bytes: Uint8Array): Claims['keyDigest'] {
  const reader = new CborReader(bytes);
  if (reader.peek() !== CborType.ARRAY || reader.array(2) !== 2) throw invalid('Not the hash of a key.');
  const algorithm = digestNames.get(reader.unsigned(0xffff));
  const digest = reader.byteString(64).slice();
  reader.end();
  if (algorithm === undefined) throw invalid('The hash of a key by another algorithm than SHA-2.');
  return Object.freeze({ algorithm, digest });
}

function invalid(message: string): EnclosError {
  return new EnclosError('CODEC_INVALID', message);
}
