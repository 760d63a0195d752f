import { isEnclosError } from '@enclos/errors';
import {
  readCoseEndorsement,
  readCoseRootSignature,
  readCoseSignatureRecord,
  readEndorsementFile,
  readEndorsementRecord,
  readGovernanceMessage,
  readLedgerCertificate,
  readNodeSignature,
  writeCoseSignatureRecord,
  writeEndorsementFile,
  writeEndorsementRecord,
  writeNodeSignature,
} from '../src/proof/index.ts';
import { littleService } from '../test/little-service.ts';

const { ledger, service, node } = littleService();
const cose = ledger.coseSignature(service, 5);

export const seeds: readonly Uint8Array[] = [
  writeNodeSignature({
    transactionId: { view: 2, seqno: 5 },
    node: node.id,
    root: ledger.tree.root(5),
    signature: ledger.nodeSignature(node, 5),
    certificate: node.pem,
  }),
  cose,
  writeCoseSignatureRecord(cose),
  writeEndorsementFile([cose]),
  writeEndorsementRecord({ endorsement: cose, endorsingKey: service.certificate.key.spki, begin: '2.1', end: '2.7' }),
  node.certificate.encoded,
];

const readers: readonly ((data: Uint8Array) => unknown)[] = [
  readNodeSignature,
  readCoseRootSignature,
  readCoseSignatureRecord,
  readCoseEndorsement,
  readEndorsementFile,
  readEndorsementRecord,
  readGovernanceMessage,
  readLedgerCertificate,
];

/** Any bytes are a record or are refused as malformed. */
export function fuzz(data: Uint8Array): void {
  for (const read of readers) {
    try {
      read(data);
    } catch (error) {
      if (!isEnclosError(error, 'LEDGER_INVALID')) throw error;
    }
  }
}
