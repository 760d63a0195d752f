import { isEnclosError } from '@enclos/errors';
import { Attribute, mrSignerOf, parseSigstruct, verifySigstruct, type Sigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';

import { attributesNode, group, hexNode, node, type InspectNode, type InspectReport } from './report.ts';

function signatureNode(bytes: Uint8Array): InspectNode {
  try {
    verifySigstruct(bytes, sha256);
    return node('signature', 'holds', 'RSA-3072, exponent 3, with q1 and q2 as EINIT uses them');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return node('signature', 'DOES NOT HOLD', error.message);
  }
}

function debugNode({ attributes, attributeMask }: Sigstruct): InspectNode {
  if ((attributeMask.flags & Attribute.DEBUG) === 0n) return node('debug', 'either', 'the signature leaves DEBUG open');
  return (attributes.flags & Attribute.DEBUG) === 0n
    ? node('debug', 'production only')
    : node('debug', 'debug only', 'a debug enclave keeps no secrets');
}

/** @throws SIGSTRUCT_INVALID */
export function inspectSigstruct(bytes: Uint8Array): InspectReport {
  const sigstruct = parseSigstruct(bytes);
  const { date } = sigstruct;
  return Object.freeze({
    kind: 'sigstruct',
    title: 'SIGSTRUCT, the signature of an enclave',
    nodes: [
      hexNode('MRENCLAVE', sigstruct.enclaveHash, 'the image that it signs'),
      hexNode('MRSIGNER', mrSignerOf(sigstruct.modulus, sha256), 'SHA-256 of the modulus'),
      signatureNode(bytes),
      node('date', `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`, 'the signer’s word'),
      node('product id', sigstruct.isvProdId),
      node('security version', sigstruct.isvSvn),
      debugNode(sigstruct),
      group('attributes', [
        attributesNode('required', sigstruct.attributes),
        attributesNode('mask', sigstruct.attributeMask, 'the bits that must be as required'),
        node('MISCSELECT', `0x${sigstruct.miscSelect.toString(16)}`, `mask 0x${sigstruct.miscMask.toString(16)}`),
      ]),
      hexNode('family id', sigstruct.isvFamilyId),
      hexNode('extended product id', sigstruct.isvExtProdId),
      node('vendor', sigstruct.vendor === 0 ? 'any' : 'Intel'),
    ],
  });
}
