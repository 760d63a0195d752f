import type { ReceiptJson } from '../../context.ts';

/** A receipt as scripts see it: CCF shapes it for them otherwise than in the answer of `/receipt` (historical.cpp). */
export function scriptReceipt(receipt: ReceiptJson): Readonly<Record<string, unknown>> {
  const { signature, cert, node_id, leaf_components, proof, leaf } = receipt;
  const both = { signature, cert, node_id, is_signature_transaction: leaf_components === undefined };
  return leaf_components === undefined ? { ...both, root_hex: leaf } : { ...both, leaf_components, proof };
}
