import { equalBytes } from '@enclos/codec';
import type { EcdsaKey } from '../signature/ecdsa.ts';
import { namesKey, verifyCose } from '../signature/cose-root.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import { unproven } from '../signature/refusal.ts';
import type { TransactionId } from '../write-set.ts';
import { readCoseEndorsement, type CoseEndorsement } from './cose-endorsement.ts';

/** Which identity of a service signed, and how far it is from the one that the caller trusts. */
export interface ServiceEndorsement {
  readonly key: EcdsaKey;
  /** The trusted key that it was traced to. */
  readonly trusted: EcdsaKey;
  /** How many endorsements lie between. */
  readonly steps: number;
}

/** A signature of a service that is to be traced: the key that it names, and the transaction that it is for. */
export interface SignedTransaction {
  readonly kid: Uint8Array | undefined;
  readonly transactionId: TransactionId;
}

/**
 * Finds the key that a COSE signature names: a trusted one, or the key of an earlier identity that the trusted one endorsed,
 * directly or step by step. Every endorsement must be for the time of the transaction, as CCF writes it after a recovery.
 *
 * @param endorsements COSE messages, the newest first.
 * @throws LEDGER_UNPROVEN with the rule `key` or `endorsement`.
 */
export async function findServiceKey(
  { kid, transactionId }: SignedTransaction,
  trusted: readonly EcdsaKey[],
  endorsements: readonly Uint8Array[],
  tools: ProofTools,
): Promise<ServiceEndorsement> {
  const direct = trusted.find((key) => namesKey(kid, key, tools));
  if (direct !== undefined) return { key: direct, trusted: direct, steps: 0 };
  if (endorsements.length === 0) return unproven('key', 'The COSE signature names the key of another service.');
  let signers = trusted;
  let anchor: EcdsaKey | undefined;
  let begin: TransactionId | undefined;
  let steps = 0;
  for (const bytes of endorsements) {
    const endorsement = readCoseEndorsement(bytes);
    const signer = await requireSigner(endorsement, signers, tools);
    // A service that first opens vouches for its own key, which leads to no other.
    if (equalBytes(endorsement.key.spki, signer.spki)) continue;
    anchor ??= signer;
    steps++;
    const epoch = requireEpoch(endorsement, begin);
    if (namesKey(kid, endorsement.key, tools)) {
      requireWithin(epoch, transactionId);
      return { key: endorsement.key, trusted: anchor, steps };
    }
    signers = [endorsement.key];
    begin = epoch.from;
  }
  return unproven('endorsement', 'No endorsement leads to the key that signed.');
}

async function requireSigner(
  { message }: CoseEndorsement,
  signers: readonly EcdsaKey[],
  tools: ProofTools,
): Promise<EcdsaKey> {
  for (const [index, key] of signers.entries()) {
    try {
      await verifyCose(message, key, { otherwise: 'An endorsement is not signed by the identity after it.' }, tools);
      return key;
    } catch (error) {
      if (index === signers.length - 1) throw error;
    }
  }
  return unproven('endorsement', 'No identity of the service is trusted.');
}

interface Epoch {
  readonly from: TransactionId;
  readonly to: TransactionId;
}

/**
 * The time of an earlier identity. It ends before the one of the identity that vouches for it begins: with the key of an earlier
 * identity nothing can be made that counts for a later time.
 */
function requireEpoch({ from, to }: CoseEndorsement, begin: TransactionId | undefined): Epoch {
  if (to === undefined) return unproven('endorsement', 'The endorsement of an earlier identity names no end.');
  if (isBefore(to, from)) return unproven('endorsement', 'The time of an endorsement ends before it begins.');
  if (begin !== undefined && !isBefore(to, begin)) {
    return unproven('endorsement', 'Two endorsements are for one time.');
  }
  return { from, to };
}

function requireWithin({ from, to }: Epoch, transactionId: TransactionId): void {
  if (isBefore(transactionId, from) || isBefore(to, transactionId)) {
    unproven('endorsement', 'The key that signed is endorsed for another time than the one of the transaction.');
  }
}

function isBefore(left: TransactionId, right: TransactionId): boolean {
  return left.seqno < right.seqno;
}
