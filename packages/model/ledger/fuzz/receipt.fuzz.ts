import { equalBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readReceipt, writeCoseReceipt, writeJsonReceipt } from '../src/proof/index.ts';
import { littleService } from '../test/little-service.ts';

const { ledger, service, node } = littleService();
const leaf = {
  writeSetDigest: new Uint8Array(32).fill(1),
  commitEvidence: ledger.evidence({ view: 2, seqno: 4 }),
  claimsDigest: new Uint8Array(32).fill(2),
};
const proof = ledger.tree.proof(4, 5);

export const seeds: readonly Uint8Array[] = [
  utf8(
    writeJsonReceipt({
      signature: ledger.nodeSignature(node, 5),
      certificate: node.pem,
      nodeId: node.id,
      of: { kind: 'transaction', leaf, proof },
      serviceEndorsements: [node.pem],
    }),
  ),
  utf8('{"cert":"","leaf":"00","node_id":"00","proof":[],"signature":""}'),
  writeCoseReceipt(ledger.coseSignature(service, 5), [{ leaf, proof }]),
];

/** Any bytes are a receipt or are refused. What is read is written and read again alike. */
export function fuzz(data: Uint8Array): void {
  try {
    const receipt = readReceipt(data);
    if (receipt.form === 'json') {
      const { form: _, ...read } = receipt;
      const text = writeJsonReceipt(read);
      const again = readReceipt(utf8(text));
      if (again.form !== 'json' || writeJsonReceipt(again) !== text) throw new Error('A receipt has two forms.');
    } else {
      const { proofs, signature } = receipt;
      const again = readReceipt(writeCoseReceipt(data, proofs));
      if (again.form !== 'cose' || !equalBytes(again.signature.message.signature, signature.message.signature)) {
        throw new Error('A receipt does not read back.');
      }
    }
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('LEDGER_')) throw error;
  }
}
