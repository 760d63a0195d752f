import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { MerkleTree } from '@enclos/ledger';
import {
  readCoseRootSignature,
  readCoseSignatureRecord,
  readLedgerCertificate,
  readNodeSignature,
  singleOf,
  tables,
  verifyNodeCertificate,
  verifyRootByNode,
  verifyRootByService,
  type ProofTools,
} from '@enclos/ledger/proof';
import type { VerifiedEntry, VerifiedSignature } from './past-state.ts';
import type { PastService } from './read-states.ts';

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
  const root = tree.root();
  const nodeRecord = singleOf(writes, tables.signatures);
  const coseRecord = singleOf(writes, tables.coseSignatures);
  const byNode = nodeRecord === undefined ? undefined : await nodeSignatureOf(nodeRecord, root, services, tools);
  const byService = coseRecord === undefined ? undefined : await coseSignatureOf(coseRecord, root, services, tools);
  for (const signed of [byNode?.signature.transactionId, byService?.transactionId]) {
    if (signed !== undefined && (signed.seqno !== id.seqno || signed.view !== id.view)) {
      throw unproven(`The signature in transaction ${id.view}.${id.seqno} is that of ${signed.view}.${signed.seqno}.`);
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
  root: Uint8Array,
  services: readonly PastService[],
  tools: ProofTools,
) {
  const read = readNodeSignature(record);
  if (!equalBytes(read.root, root)) throw unproven('The node signed another root than that of the tree.');
  if (read.certificate === undefined) throw unproven('The signature does not hold the certificate of its node.');
  const certificate = readLedgerCertificate(read.certificate);
  const trusted = services.map((service) => service.certificate);
  const endorsement = await verifyNodeCertificate(certificate, [], trusted, tools);
  await verifyRootByNode({ root }, read.signature, certificate.key, tools);
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
  let refusal: unknown;
  for (const service of services) {
    try {
      await verifyRootByService(read, root, service.certificate.key, tools);
      return { message, transactionId: read.transactionId, service };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal ?? unproven('No service is known that may have signed.');
}

function unproven(message: string): EnclosError {
  return new EnclosError('LEDGER_UNPROVEN', message, { details: { rule: 'signature' } });
}
