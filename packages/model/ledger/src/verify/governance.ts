import { CborReader, concatBytes, equalBytes, fromBase64, toHex, utf8 } from '@enclos/codec';
import { parseJsonBytes } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { readCoseSign1, type CoseSign1 } from '@enclos/cose';
import type { LedgerCertificate } from '../signature/certificate.ts';
import { textOf, verifyCose } from '../signature/cose-root.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import { malformed } from '../signature/refusal.ts';
import type { MerkleTree } from '../tree/merkle-tree.ts';
import { within } from '../within.ts';

const maximumMessage = 67_108_864;
/** A proposal is executed on the state of some transactions before its own; so many roots are tried. */
const maximumRoots = 256;
const headers = Object.freeze({
  type: 'ccf.gov.msg.type',
  createdAt: 'ccf.gov.msg.created_at',
  proposal: 'ccf.gov.msg.proposal_id',
} as const);

/** A message of a member to the governance of a service, read and not verified (CCF, doc/governance/proposals.rst). */
export interface GovernanceMessage {
  readonly message: CoseSign1;
  /** `proposal`, `ballot`, `withdrawal`, `state_digest`, `ack` or `recovery_share`. */
  readonly type: string;
  /** Seconds since 1970. Early messages have a text. */
  readonly createdAt?: number;
  readonly proposalId?: string;
}

/** Reads a value of `public:ccf.gov.cose_history`: a JSON string of base64. @throws LEDGER_INVALID */
export function readGovernanceRecord(value: Uint8Array): GovernanceMessage {
  return within('The message of a member', () => {
    const text = parseJsonBytes(value, maximumMessage);
    return typeof text === 'string'
      ? readGovernanceMessage(fromBase64(text))
      : malformed('The message of a member is not a string.');
  });
}

/** @throws LEDGER_INVALID */
export function readGovernanceMessage(bytes: Uint8Array): GovernanceMessage {
  return within('The message of a member', () => {
    const message = readCoseSign1(bytes, { maxBytes: maximumMessage, understood: Object.values(headers) });
    const proposalId = textOf(message.protected, headers.proposal);
    const createdAt = secondsOf(message.protected.get(headers.createdAt));
    return {
      message,
      type: textOf(message.protected, headers.type) ?? '',
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(proposalId === undefined ? {} : { proposalId }),
    };
  });
}

function secondsOf(encoded: Uint8Array | undefined): number | undefined {
  if (encoded === undefined) return undefined;
  const reader = new CborReader(encoded);
  return reader.peek() === 0 ? reader.integer() : undefined;
}

/**
 * Verifies that a member signed a message.
 * @throws LEDGER_UNPROVEN with the rule `signature`, or LEDGER_INVALID.
 */
export async function verifyGovernanceMessage(
  { message }: GovernanceMessage,
  memberId: string,
  { key }: LedgerCertificate,
  tools: ProofTools,
): Promise<void> {
  if (message.kid === undefined || !equalBytes(message.kid, utf8(memberId))) {
    malformed('The message of a member names another member.');
  }
  await verifyCose(message, key, { otherwise: 'The signature of a member over a message does not hold.' }, tools);
}

/**
 * Whether the identifier of a proposal is the one that its message gives: SHA-256 of the root over some transactions before,
 * and of the SHA-256 of the signature.
 */
export function isProposalId(
  id: string,
  { message }: GovernanceMessage,
  tree: MerkleTree,
  { digests }: ProofTools,
): boolean {
  const signature = digests.sha256(message.signature);
  const lowest = Math.max(tree.flushed + 1, tree.size - maximumRoots);
  for (let size = tree.size; size >= lowest; size--) {
    if (toHex(digests.sha256(concatBytes(tree.root(size), signature))) === id) return true;
  }
  return false;
}

/** Whether a proposal in the table is the one in its message. A proposal is stored as it was sent. */
export function isProposalBody(value: Uint8Array, { message }: GovernanceMessage): boolean {
  const { payload } = message;
  if (payload === undefined) return false;
  // Versions 1 and 2 stored it as a string of JSON.
  return equalBytes(value, payload) || equalBytes(value, utf8(JSON.stringify(decodeUtf8(payload))));
}
