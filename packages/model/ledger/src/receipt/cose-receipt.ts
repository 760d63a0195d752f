import { cborArray, cborBoolean, cborBytes, cborLabelledMap, CborReader, cborText } from '@enclos/codec';
import { readCoseSign1, writeCoseSign1 } from '@enclos/cose';
import { coseLabels, membersOf, readCoseRootSignature, type CoseRootSignature } from '../signature/cose-root.ts';
import { malformed } from '../signature/refusal.ts';
import { within } from '../within.ts';
import { maximumEvidence, maximumSteps, requireDigest, type LeafComponents } from './proof.ts';
import type { ProofStep } from '../tree/merkle-tree.ts';

/** RFC 9942: proofs of inclusion. */
const inclusion = -1;
const proofMembers = Object.freeze({ leaf: 1, path: 2 } as const);
const maximumProofs = 16;
const maximumProofBytes = 8192;
const maximumReceiptBytes = 262_144;

/** That one transaction is in the tree (ccf-receipt.cddl). */
export interface InclusionProof {
  readonly leaf: Required<LeafComponents>;
  readonly proof: readonly ProofStep[];
}

/** A COSE receipt (RFC 9942, draft-ietf-scitt-receipts-ccf-profile), read and not verified. */
export interface CoseReceipt {
  readonly signature: CoseRootSignature;
  /** One or more, all with the same root. */
  readonly proofs: readonly InclusionProof[];
}

/**
 * Reads a COSE receipt.
 * @throws LEDGER_INVALID
 * @example const receipt = readCoseReceipt(new Uint8Array(await response.arrayBuffer()));
 */
export function readCoseReceipt(bytes: Uint8Array): CoseReceipt {
  const signature = readCoseRootSignature(bytes, maximumReceiptBytes);
  return within('The COSE receipt', () => {
    const encoded = membersOf(signature.message.unprotected, coseLabels.proofs).get(inclusion);
    if (encoded === undefined) return malformed('The COSE message holds no proof of inclusion.');
    const reader = new CborReader(encoded);
    const proofs = Array.from({ length: reader.array(maximumProofs) }, () =>
      readInclusionProof(reader.byteString(maximumProofBytes)),
    );
    if (proofs.length === 0) return malformed('The COSE message holds no proof of inclusion.');
    return Object.freeze({ signature, proofs });
  });
}

function readInclusionProof(bytes: Uint8Array): InclusionProof {
  const reader = new CborReader(bytes);
  const members = new Map<number, Uint8Array>();
  for (let left = reader.map(4); left > 0; left--) {
    const label = reader.integer();
    if (members.has(label)) return malformed('A member stands twice in a proof.');
    members.set(label, reader.encoded());
  }
  reader.end();
  const leaf = new CborReader(members.get(proofMembers.leaf) ?? new Uint8Array());
  if (leaf.array(3) !== 3) return malformed('The leaf of a proof does not have three parts.');
  const path = new CborReader(members.get(proofMembers.path) ?? new Uint8Array());
  return {
    leaf: {
      writeSetDigest: requireDigest(leaf.byteString(32), 'The digest of the transaction'),
      commitEvidence: leaf.text(maximumEvidence),
      claimsDigest: requireDigest(leaf.byteString(32), 'The digest of the claims'),
    },
    proof: Array.from({ length: path.array(maximumSteps) }, () => readStep(path)),
  };
}

function readStep(path: CborReader): ProofStep {
  if (path.array(2) !== 2) return malformed('A step of the proof does not have two parts.');
  const isLeft = path.simple();
  if (isLeft === null) return malformed('A step of the proof is on no side.');
  return { side: isLeft ? 'left' : 'right', digest: requireDigest(path.byteString(32), 'A step of the proof') };
}

/**
 * A COSE receipt: the service's signature over a root, with proofs of inclusion beside it.
 *
 * @param signature the COSE message of `public:ccf.internal.cose_signatures`.
 * @throws LEDGER_INVALID
 */
export function writeCoseReceipt(signature: Uint8Array, proofs: readonly InclusionProof[]): Uint8Array {
  return within('The COSE signature over the root', () => {
    const { protectedBytes, signature: bytes } = readCoseSign1(signature, {
      maxBytes: maximumReceiptBytes,
      understood: [coseLabels.structure, coseLabels.claims, coseLabels.ccf],
    });
    const encoded = cborArray(...proofs.map((proof) => cborBytes(writeInclusionProof(proof))));
    return writeCoseSign1({
      protectedBytes,
      unprotected: new Map([[coseLabels.proofs, cborLabelledMap([[inclusion, encoded]])]]),
      signature: bytes,
    });
  });
}

function writeInclusionProof({ leaf, proof }: InclusionProof): Uint8Array {
  const { writeSetDigest, commitEvidence, claimsDigest } = leaf;
  return cborLabelledMap([
    [proofMembers.leaf, cborArray(cborBytes(writeSetDigest), cborText(commitEvidence), cborBytes(claimsDigest))],
    [
      proofMembers.path,
      cborArray(...proof.map(({ side, digest }) => cborArray(cborBoolean(side === 'left'), cborBytes(digest)))),
    ],
  ]);
}
