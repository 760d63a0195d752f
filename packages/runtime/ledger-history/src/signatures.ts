import { equalBytes } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { MerkleTree } from '@enclos/ledger';
import {
  readCoseRootSignature,
  readCoseSignatureRecord,
  readLedgerCertificate,
  readNodeSignature,
  signedRootOf,
  singleOf,
  tables,
  verifyNodeCertificate,
  verifyRootByNode,
  verifyRootByService,
  type ProofTools,
  type SignedRoot,
} from '@enclos/ledger/proof';
import type { VerifiedEntry, VerifiedSignature } from './past-state.ts';
import type { PastService } from './past-service.ts';

/**
 * Verifies the signatures of a signature transaction over a tree: by a node with a certificate of one of the services, by one of
 * the services itself, or both.
 *
 * @throws LEDGER_INVALID, LEDGER_UNPROVEN
 */
export async function verifySignature(
  { entry, writes }: VerifiedEntry,
  tree: MerkleTree,
  services: readonly PastService[],
  tools: ProofTools,
): Promise<VerifiedSignature> {
  const id = { view: entry.view, seqno: entry.seqno };
  const signed = signedRootOf(tree, tools);
  const { root } = signed;
  const nodeRecord = singleOf(writes, tables.signatures);
  const coseRecord = singleOf(writes, tables.coseSignatures);
  const byNode = nodeRecord === undefined ? undefined : await nodeSignatureOf(nodeRecord, signed, services, tools);
  const byService = coseRecord === undefined ? undefined : await coseSignatureOf(coseRecord, root, services, tools);
  for (const named of [byNode?.signature.transactionId, byService?.transactionId]) {
    if (named !== undefined && (named.seqno !== id.seqno || named.view !== id.view)) {
      throw unproven(`The signature in transaction ${id.view}.${id.seqno} is that of ${named.view}.${named.seqno}.`);
    }
  }
  const service = byNode?.service ?? byService?.service;
  return {
    id,
    tree,
    endorsements: service?.endorsements ?? [],
    ...(byNode === undefined ? {} : { byNode: byNode.signature }),
    ...(byService === undefined ? {} : { byService: byService.message }),
  };
}

async function nodeSignatureOf(
  record: Uint8Array,
  signed: SignedRoot,
  services: readonly PastService[],
  tools: ProofTools,
) {
  const read = readNodeSignature(record);
  if (!equalBytes(read.root, signed.root)) throw unproven('The node signed another root than that of the tree.');
  if (read.certificate === undefined) throw unproven('The signature does not hold the certificate of its node.');
  const certificate = readLedgerCertificate(read.certificate);
  const trusted = services.map((service) => service.certificate);
  const endorsement = await verifyNodeCertificate(certificate, [], trusted, tools);
  await verifyRootByNode(signed, read.signature, certificate.key, tools);
  return {
    signature: { ...read, certificate: read.certificate },
    service: services.find((service) => service.certificate === endorsement.service),
  };
}

async function coseSignatureOf(
  record: Uint8Array,
  root: Uint8Array,
  services: readonly PastService[],
  tools: ProofTools,
) {
  const message = readCoseSignatureRecord(record);
  const read = readCoseRootSignature(message);
  let refusal = unproven('No service is known that may have signed.');
  for (const service of services) {
    try {
      await verifyRootByService(read, root, service.certificate.key, tools);
      return { message, transactionId: read.transactionId, service };
    } catch (error) {
      if (!isEnclosError(error, 'LEDGER_UNPROVEN')) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function unproven(message: string): EnclosError<'LEDGER_UNPROVEN'> {
  return new EnclosError('LEDGER_UNPROVEN', message, { details: { rule: 'signature' } });
}
