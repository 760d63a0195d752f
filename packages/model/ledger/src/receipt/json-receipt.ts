import { fromBase64, fromHex, toBase64, toHex } from '@enclos/codec';
import { hex, JsonRecord, parseJson, string, strings } from '@enclos/codec/json';
import { malformed, unproven } from '../signature/refusal.ts';
import { within } from '../within.ts';
import { maximumEvidence, maximumSteps, type LeafComponents } from './proof.ts';
import type { ProofStep } from '../tree/merkle-tree.ts';

const maximumLength = 262_144;
const maximumCertificate = 16_384;
const maximumEndorsements = 64;
const maximumSignature = 256;

/** A receipt of CCF in JSON, read and not verified (CCF, `describe_receipt_v1`). */
export interface JsonReceipt {
  /** ECDSA-Sig-Value in DER, by the node over the root. */
  readonly signature: Uint8Array;
  /** The node's certificate, PEM. */
  readonly certificate: string;
  /** SHA-256 of the node's public key, hex. */
  readonly nodeId: string;
  /** A transaction with its proof, or the root of a signature transaction, which is not proved but signed. */
  readonly of:
    | { readonly kind: 'transaction'; readonly leaf: LeafComponents; readonly proof: readonly ProofStep[] }
    | { readonly kind: 'signature'; readonly root: Uint8Array };
  /** Certificates of earlier identities of the service, each issued by the next, PEM. */
  readonly serviceEndorsements: readonly string[];
}

/** Names of members: those of CCF, and those of Azure Confidential Ledger. */
const spellings = Object.freeze({
  node_id: 'nodeId',
  leaf_components: 'leafComponents',
  write_set_digest: 'writeSetDigest',
  commit_evidence: 'commitEvidence',
  claims_digest: 'claimsDigest',
  service_endorsements: 'serviceEndorsements',
} as const);

/**
 * Reads a receipt in JSON, in the spelling of CCF or of Azure Confidential Ledger, also inside of the `receipt` of an answer.
 *
 * @throws LEDGER_INVALID for what is not a receipt.
 * @throws LEDGER_UNPROVEN with the rule `legacy-leaf` for a receipt of version 1 of CCF, which gives the leaf whole, and for one
 * without evidence of commit: a node inside the tree can be passed off as one.
 * @example const receipt = readJsonReceipt(await response.text());
 */
export function readJsonReceipt(text: string): JsonReceipt {
  return within('The receipt', () => {
    const outer = new JsonRecord(parseJson(text, maximumLength), 'receipt');
    const record = outer.has('receipt') ? outer.record('receipt') : outer;
    return Object.freeze({
      signature: fromBase64(record.required('signature', string(2 * maximumSignature)), { maxBytes: maximumSignature }),
      certificate: record.has('cert')
        ? record.required('cert', string(maximumCertificate))
        : malformed('The receipt does not hold the certificate of the node. Receipts of CCF before 2.0 do not.'),
      nodeId: record.required(spelled(record, 'node_id'), hex(32)),
      of: readSubject(record),
      serviceEndorsements:
        record.optional(spelled(record, 'service_endorsements'), strings(maximumEndorsements, maximumCertificate)) ??
        [],
    });
  });
}

function readSubject(record: JsonRecord): JsonReceipt['of'] {
  const proof = record.records('proof', 0, maximumSteps).map(readStep);
  const components = spelled(record, 'leaf_components');
  if (record.has(components)) {
    return { kind: 'transaction', leaf: readLeaf(record.record(components)), proof };
  }
  if (proof.length > 0) {
    return unproven(
      'legacy-leaf',
      'The receipt gives its leaf whole, in the form of version 1. Fetch the receipt again, with leaf_components.',
    );
  }
  const name = record.has('leaf') ? 'leaf' : record.has('root') ? 'root' : 'root_hex';
  return { kind: 'signature', root: fromHex(record.required(name, hex(32))) };
}

function readLeaf(record: JsonRecord): LeafComponents {
  const evidence = record.optional(spelled(record, 'commit_evidence'), string(maximumEvidence));
  // Without it the leaf is two digests or one, as a node inside of the tree is.
  if (evidence === undefined) {
    return unproven(
      'legacy-leaf',
      'The receipt holds no evidence of commit, so that a node inside of the tree can be passed off as its transaction.',
    );
  }
  const claims = record.optional(spelled(record, 'claims_digest'), hex(32));
  return {
    writeSetDigest: fromHex(record.required(spelled(record, 'write_set_digest'), hex(32))),
    commitEvidence: evidence,
    ...(claims === undefined ? {} : { claimsDigest: fromHex(claims) }),
  };
}

function readStep(step: JsonRecord): ProofStep {
  const side = step.has('left') ? 'left' : 'right';
  if (step.has('left') && step.has('right')) return malformed('A step of the proof has two sides.');
  return { side, digest: fromHex(step.required(side, hex(32))) };
}

function spelled(record: JsonRecord, name: keyof typeof spellings): string {
  const other = spellings[name];
  if (record.has(name) && record.has(other)) return malformed(`The receipt has both ${name} and ${other}.`);
  return record.has(other) ? other : name;
}

/** The JSON of a receipt, with the members of CCF. */
export function writeJsonReceipt({ signature, certificate, nodeId, of, serviceEndorsements }: JsonReceipt): string {
  const proof = of.kind === 'signature' ? [] : of.proof.map(({ side, digest }) => ({ [side]: toHex(digest) }));
  const subject = of.kind === 'signature' ? { leaf: toHex(of.root) } : { leaf_components: componentsOf(of.leaf) };
  return JSON.stringify({
    cert: certificate,
    ...subject,
    node_id: nodeId,
    proof,
    ...(serviceEndorsements.length === 0 ? {} : { service_endorsements: serviceEndorsements }),
    signature: toBase64(signature),
  });
}

function componentsOf({
  writeSetDigest,
  commitEvidence,
  claimsDigest,
}: LeafComponents): Record<string, string | undefined> {
  return {
    ...(claimsDigest === undefined ? {} : { claims_digest: toHex(claimsDigest) }),
    commit_evidence: commitEvidence,
    write_set_digest: toHex(writeSetDigest),
  };
}
