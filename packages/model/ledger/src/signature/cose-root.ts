import {
  cborInteger,
  cborLabelledMap,
  CborReader,
  cborText,
  CborType,
  equalBytes,
  fromBase64,
  fromHex,
  toBase64,
  utf8,
} from '@enclos/codec';
import { parseJsonBytes } from '@enclos/codec/json';
import { coseProtectedHeader, coseSigningInput, readCoseSign1, type CoseHeader, type CoseSign1 } from '@enclos/cose';
import { publicKeyOfSpki, verifyJws } from '@enclos/jose';
import type { TransactionId } from '../write-set.ts';
import type { EcdsaKey } from './ecdsa.ts';
import { keyIdentifier, type ProofTools } from './node-signature.ts';
import { malformed, unproven } from './refusal.ts';
import { within } from '../within.ts';
import { readTransactionId, writeTransactionId } from './transaction-id.ts';

/** RFC 9942, and draft-ietf-scitt-receipts-ccf-profile: the structure of a CCF ledger. */
export const coseLabels = Object.freeze({ claims: 15, structure: 395, proofs: 396, ccf: 'ccf.v1' } as const);
const ccfLedgerStructure = 2;
const algorithms = Object.freeze({ 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const);
const maximumText = 1024;
const maximumMembers = 32;

/** A COSE signature of the service over a root, read and not verified (ccf-merkle-tree-cose-signature.cddl). */
export interface CoseRootSignature {
  readonly message: CoseSign1;
  /** The transaction that holds the signature: it covers those before. */
  readonly transactionId: TransactionId;
  readonly issuer?: string;
  readonly subject?: string;
  /** Seconds since 1970. */
  readonly issuedAt?: number;
}

/**
 * Reads a tagged COSE_Sign1 with a detached root.
 * @throws LEDGER_INVALID
 */
export function readCoseRootSignature(bytes: Uint8Array, maxBytes = 65_536): CoseRootSignature {
  return within('The COSE signature over the root', () => {
    const message = readCoseSign1(bytes, {
      maxBytes,
      understood: [coseLabels.structure, coseLabels.claims, coseLabels.ccf],
    });
    if (message.payload !== undefined) return malformed('The root in the COSE signature is not detached.');
    if (integerOf(message.protected, coseLabels.structure) !== ccfLedgerStructure) {
      return malformed('The COSE signature is not over the tree of a CCF ledger.');
    }
    const ccf = membersOf(message.protected, coseLabels.ccf);
    const claims = membersOf(message.protected, coseLabels.claims);
    const [issuer, subject, issuedAt] = [textOf(claims, 1), textOf(claims, 2), integerOf(claims, 6)];
    return Object.freeze({
      message,
      transactionId: readTransactionId(textOf(ccf, 'txid') ?? ''),
      ...(issuer === undefined ? {} : { issuer }),
      ...(subject === undefined ? {} : { subject }),
      ...(issuedAt === undefined ? {} : { issuedAt }),
    });
  });
}

/** The COSE message in a value of `public:ccf.internal.cose_signatures`: a JSON string of base64. @throws LEDGER_INVALID */
export function readCoseSignatureRecord(value: Uint8Array): Uint8Array {
  return within('The record of a COSE signature', () => {
    const text = parseJsonBytes(value, 131_072);
    return typeof text === 'string' ? fromBase64(text) : malformed('The record of a COSE signature is not a string.');
  });
}

/** The value of `public:ccf.internal.cose_signatures`. */
export function writeCoseSignatureRecord(message: Uint8Array): Uint8Array {
  return utf8(JSON.stringify(toBase64(message)));
}

/**
 * Verifies the service's COSE signature over a root.
 * @throws LEDGER_UNPROVEN with the rule `key` or `signature`.
 */
export async function verifyRootByService(
  { message }: Pick<CoseRootSignature, 'message'>,
  root: Uint8Array,
  service: EcdsaKey,
  tools: ProofTools,
): Promise<void> {
  if (!namesKey(message.kid, service, tools)) unproven('key', 'The COSE signature names the key of another service.');
  const otherwise = 'The COSE signature over the root does not hold.';
  await verifyCose(message, service, { otherwise, detachedPayload: root }, tools);
}

/** The key identifier of CCF is the SHA-256 of the public key: its hex as text, or in early versions its bytes. */
export function namesKey(kid: Uint8Array | undefined, key: EcdsaKey, { digests }: ProofTools): boolean {
  if (kid === undefined) return false;
  const identifier = keyIdentifier(key, digests);
  return equalBytes(kid, utf8(identifier)) || equalBytes(kid, fromHex(identifier));
}

/** @throws LEDGER_UNPROVEN with the rule `signature`. */
export async function verifyCose(
  message: CoseSign1,
  { spki }: EcdsaKey,
  { otherwise, detachedPayload }: CoseCheck,
  { subtle }: ProofTools,
): Promise<void> {
  const signingInput = coseSigningInput(message, detachedPayload === undefined ? {} : { detachedPayload });
  const { algorithm, signature } = message;
  const fault = await verifyJws({ algorithm, signingInput, signature }, publicKeyOfSpki(spki), subtle);
  if (fault !== undefined) unproven('signature', otherwise);
}

export interface CoseCheck {
  /** What to say where the signature does not hold. */
  readonly otherwise: string;
  readonly detachedPayload?: Uint8Array;
}

export interface CoseRootHeader {
  /** The transaction that will hold the signature. */
  readonly transactionId: TransactionId;
  readonly issuer: string;
  readonly subject: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

/** The protected header of a signature over a root, as CCF writes it. */
export function coseRootHeader(
  { transactionId, issuer, subject, issuedAt }: CoseRootHeader,
  service: EcdsaKey,
  tools: Pick<ProofTools, 'digests'>,
): Uint8Array {
  return coseProtectedHeader({
    algorithm: algorithms[service.curve],
    kid: utf8(keyIdentifier(service, tools.digests)),
    others: new Map<number | string, Uint8Array>([
      [
        coseLabels.claims,
        cborLabelledMap([
          [1, cborText(issuer)],
          [2, cborText(subject)],
          [6, cborInteger(issuedAt)],
        ]),
      ],
      [coseLabels.structure, cborInteger(ccfLedgerStructure)],
      [coseLabels.ccf, cborLabelledMap([['txid', cborText(writeTransactionId(transactionId))]])],
    ]),
  });
}

/** The members of a map in a header; none if it is absent. */
export function membersOf(header: CoseHeader, label: number | string): CoseHeader {
  const members = new Map<number | string, Uint8Array>();
  const encoded = header.get(label);
  if (encoded === undefined) return members;
  const reader = new CborReader(encoded);
  for (let left = reader.map(maximumMembers); left > 0; left--) {
    const name = reader.peek() === CborType.TEXT ? reader.text(maximumText) : reader.integer();
    if (members.has(name)) return malformed('A label stands twice in a header.');
    members.set(name, reader.encoded());
  }
  return members;
}

export function textOf(members: CoseHeader, label: number | string): string | undefined {
  const encoded = members.get(label);
  return encoded === undefined ? undefined : new CborReader(encoded).text(maximumText);
}

export function integerOf(members: CoseHeader, label: number | string): number | undefined {
  const encoded = members.get(label);
  return encoded === undefined ? undefined : new CborReader(encoded).integer();
}
