import { equalBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { foldProof } from '../receipt/proof.ts';
import { readLedgerCertificate, type LedgerCertificate } from '../signature/certificate.ts';
import {
  namesKey,
  readCoseRootSignature,
  readCoseSignatureRecord,
  verifyRootByService,
} from '../signature/cose-root.ts';
import { readNodeSignature, verifyRootByNode, type ProofTools, type SignedRoot } from '../signature/node-signature.ts';
import type { MerkleTree } from '../tree/merkle-tree.ts';
import type { TransactionId } from '../write-set.ts';
import type { Network } from './network.ts';
import type { Findings, LedgerPlace, LedgerRule } from './report.ts';

/** What the check of a signature transaction needs. */
export interface SignatureScene {
  readonly id: TransactionId;
  readonly place: LedgerPlace;
  readonly network: Network;
  /** Whom the caller trusts. They stand in for what a part of a ledger does not tell. */
  readonly trusted: readonly LedgerCertificate[];
  /** Whether the transactions before were not all read. */
  readonly isPart: boolean;
  readonly findings: Findings;
  readonly tools: ProofTools;
}

/** The root over all leaves of a tree, with the two nodes beneath it. */
export function signedRootOf(tree: MerkleTree, tools: ProofTools): SignedRoot {
  const last = tree.size - 1;
  return foldProof(tree.leaf(last), tree.proof(last), tools);
}

/** A signature that holds. */
export interface Vouching {
  /** The service that signed, or issued the certificate of the node; undefined where the ledger is taken at its own word. */
  readonly service: LedgerCertificate | undefined;
}

/** Checks the signature of a node over a root. @returns undefined where it does not hold. */
export async function checkNodeSignature(
  value: Uint8Array,
  signed: SignedRoot,
  scene: SignatureScene,
): Promise<Vouching | undefined> {
  return checking(scene, async (fail) => {
    const record = readNodeSignature(value);
    const { view, seqno } = record.transactionId;
    if (seqno !== scene.id.seqno || view !== scene.id.view) {
      return fail('signature', `The record of the signature is for transaction ${view}.${seqno}.`);
    }
    if (!equalBytes(record.root, signed.root)) {
      return fail(
        'root',
        `The node signed the root ${toHex(record.root)}, and the transactions give ${toHex(signed.root)}.`,
      );
    }
    const found = certificateOf(record.node, record.certificate, scene, fail);
    if (found === undefined) return undefined;
    const vouching = await vouchingFor(found, scene, fail);
    if (vouching === undefined) return undefined;
    await verifyRootByNode(signed, record.signature, found.certificate.key, scene.tools);
    return vouching;
  });
}

type Fail = (rule: LedgerRule, message: string) => undefined;

interface FoundCertificate {
  readonly certificate: LedgerCertificate;
  /** Whether it is one of version 1, which the node issued for itself. */
  readonly isOwn: boolean;
}

function certificateOf(
  node: string,
  inRecord: string | undefined,
  { network, isPart }: SignatureScene,
  fail: Fail,
): FoundCertificate | undefined {
  const status = network.nodeStatus(node);
  const recorded = network.nodeCertificate(node);
  // In a part of a ledger, the certificate beside the signature may be all that there is.
  const embedded = inRecord === undefined ? undefined : readLedgerCertificate(inRecord);
  if (status === 'Pending') fail('node', `Node ${node} signed while it was pending.`);
  if (recorded !== undefined) {
    if (embedded !== undefined && !equalBytes(embedded.key.spki, recorded.certificate.key.spki)) {
      fail('node', `The record of the signature holds the certificate of another node than ${node}.`);
    }
    if (status === undefined && !isPart) fail('node', `Node ${node}, which signed, is not part of the network.`);
    return recorded;
  }
  if (isPart && embedded !== undefined) return { certificate: embedded, isOwn: false };
  return fail('node', `Node ${node}, which signed, is not part of the network.`);
}

/** Whatever the ledger says about a node, anyone can write: that the service issued its certificate joins the two. */
async function vouchingFor(
  { certificate, isOwn }: FoundCertificate,
  { network, trusted, findings, isPart }: SignatureScene,
  fail: Fail,
): Promise<Vouching | undefined> {
  const { service, isInterrupted } = network;
  const isCertain = service !== undefined && !isInterrupted;
  const services = isCertain ? [service] : service === undefined ? trusted : [service, ...trusted];
  for (const candidate of services) {
    if (await network.isIssued(certificate, candidate)) return { service: candidate };
  }
  if (trusted.length === 0 && isOwn) {
    findings.note(
      'Nodes of version 1 sign their own certificates, and no service issued them: nothing vouches for these nodes.',
    );
    return { service: undefined };
  }
  if (trusted.length === 0 && isPart && !isCertain) {
    findings.note(
      'The files do not say who the service is, so its nodes are taken at their own word. Give the certificate of the service.',
    );
    return { service: undefined };
  }
  const advice = isCertain ? '' : ' Before a recovery it has another certificate than after it: give that one, too.';
  return fail('node', `The certificate of the node that signed is not issued by the service.${advice}`);
}

/** Checks the COSE signature of the service over a root. @returns undefined where it does not hold. */
export async function checkCoseSignature(
  value: Uint8Array,
  root: Uint8Array,
  scene: SignatureScene,
): Promise<Vouching | undefined> {
  return checking(scene, async (fail) => {
    const signature = readCoseRootSignature(readCoseSignatureRecord(value));
    const { view, seqno } = signature.transactionId;
    if (seqno !== scene.id.seqno || view !== scene.id.view) {
      return fail('signature', `The COSE signature is for transaction ${view}.${seqno}.`);
    }
    const { service, isInterrupted } = scene.network;
    // In a ledger without gaps the present service must have signed, and no other that the caller trusts.
    const isCertain = service !== undefined && !isInterrupted;
    const known = service === undefined ? scene.trusted : [service, ...scene.trusted];
    const signer = isCertain ? service : known.find(({ key }) => namesKey(signature.message.kid, key, scene.tools));
    if (signer === undefined) {
      scene.findings.note('The files do not say who the service is, so COSE signatures were not checked.');
      return undefined;
    }
    await verifyRootByService(signature, root, signer.key, scene.tools);
    return { service: signer };
  });
}

/** What a check throws is a problem at its place. */
async function checking(
  scene: SignatureScene,
  check: (fail: Fail) => Promise<Vouching | undefined>,
): Promise<Vouching | undefined> {
  const fail: Fail = (rule, message) => {
    scene.findings.problem(rule, scene.place, message);
    return undefined;
  };
  try {
    return await check(fail);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return fail(error.code === 'LEDGER_UNPROVEN' ? 'signature' : 'form', error.message);
  }
}
