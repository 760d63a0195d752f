import { equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from '@enclos/codec';
import { hex, integer, JsonRecord, parseJsonBytes, string } from '@enclos/codec/json';
import type { VerificationCrypto } from '@enclos/jose';
import type { LedgerDigests } from '../digests.ts';
import type { TransactionId } from '../write-set.ts';
import { verifyEcdsa, verifyEcdsaDigest, type EcdsaKey } from './ecdsa.ts';
import { unproven } from './refusal.ts';
import { within } from '../within.ts';

const maximumLength = 65_536;
const maximumSignature = 256;

/** What a node writes into `public:ccf.internal.signatures`: its signature over the root of all transactions before. */
export interface NodeSignature {
  /** The transaction that the record stands in. */
  readonly transactionId: TransactionId;
  /** SHA-256 of the node's public key, hex. */
  readonly node: string;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** ECDSA-Sig-Value in DER, over the root as the digest itself. */
  readonly signature: Uint8Array;
  /** The node's certificate, PEM. Ledgers of version 1 do not have it here. */
  readonly certificate?: string;
}

/**
 * Reads the value of a record of `public:ccf.internal.signatures`. Nothing is verified.
 * @throws LEDGER_INVALID
 */
export function readNodeSignature(value: Uint8Array): NodeSignature {
  return within('The signature of a node', () => {
    const record = new JsonRecord(parseJsonBytes(value, maximumLength), 'signature');
    const seqno = record.required('seqno', integer(0, Number.MAX_SAFE_INTEGER));
    const view = record.required('view', integer(0, Number.MAX_SAFE_INTEGER));
    const certificate = record.optional('cert', string(maximumLength));
    return Object.freeze({
      transactionId: { view, seqno },
      node: record.required('node', string(128)),
      root: fromHex(record.required('root', hex(32))),
      signature: fromBase64(record.required('sig', string(2 * maximumSignature)), { maxBytes: maximumSignature }),
      ...(certificate === undefined ? {} : { certificate }),
    });
  });
}

/** The value of a record of `public:ccf.internal.signatures`, with the members of CCF in its order. */
export function writeNodeSignature({ transactionId, node, root, signature, certificate }: NodeSignature): Uint8Array {
  return utf8(
    JSON.stringify({
      cert: certificate,
      commit_seqno: 0,
      commit_view: 0,
      hashed_nonce: '00'.repeat(32),
      node,
      root: toHex(root),
      seqno: transactionId.seqno,
      sig: toBase64(signature),
      view: transactionId.view,
    }),
  );
}

/** A root, and the two nodes beneath it where they are known: their bytes are the message whose SHA-256 the root is. */
export interface SignedRoot {
  readonly root: Uint8Array;
  /** 64 bytes. */
  readonly preimage?: Uint8Array;
}

/**
 * Verifies a node's signature over a root. CCF signs the root as a digest. Where the two nodes beneath it are known, the
 * engine verifies their signature with SHA-256, which is the same; otherwise JavaScript verifies the digest.
 *
 * @throws LEDGER_UNPROVEN with the rule `signature`, or `root` for a preimage that does not give the root.
 */
export async function verifyRootByNode(
  { root, preimage }: SignedRoot,
  signature: Uint8Array,
  key: EcdsaKey,
  { digests, subtle }: ProofTools,
): Promise<void> {
  if (preimage !== undefined && !equalBytes(digests.sha256(preimage), root)) {
    unproven('root', 'The two nodes beneath the root do not give the root.');
  }
  const holds =
    preimage === undefined
      ? verifyEcdsaDigest(key, signature, root)
      : await verifyEcdsa(key, { hash: 'SHA-256', signature, message: preimage }, subtle);
  if (!holds) unproven('signature', 'The signature of the node over the root does not hold.');
}

/** What verification computes with: the digests of the caller's engine, and its WebCrypto. */
export interface ProofTools {
  readonly digests: LedgerDigests;
  readonly subtle: VerificationCrypto;
}

/** The identifier of a node, a service or a key in COSE: SHA-256 of the public key, hex. */
export function keyIdentifier({ spki }: EcdsaKey, digests: LedgerDigests): string {
  return toHex(digests.sha256(spki));
}
