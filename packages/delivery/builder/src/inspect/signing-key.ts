import { mistakenForPem } from '@enclos/codec/pem';
import { createPublicKey } from 'node:crypto';

import { EnclosError } from '@enclos/errors';
import { mrSignerOf } from '@enclos/sgx';
import { loadSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';

import { hexNode, node, type InspectReport } from './report.ts';

/** Shows only what is public about a key. @throws SIGNING_KEY_INVALID */
export function inspectSigningKey(pem: string): InspectReport {
  const isPrivate = pem.includes('PRIVATE KEY-----');
  const key = isPrivate ? loadSigningKey(pem) : publicKey(pem);
  const title = isPrivate ? 'Enclave signing key' : 'Public part of an enclave signing key';
  return Object.freeze({
    kind: 'signing-key',
    title,
    nodes: [
      hexNode('MRSIGNER', mrSignerOf(publicModulus(key), sha256), 'the identity of the holder of this key'),
      node('algorithm', 'RSA, 3072 bits, exponent 3'),
      ...(isPrivate ? [node('private', 'yes', 'anyone that reads this file can sign as you')] : []),
    ],
  });
}

function publicKey(pem: string) {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new EnclosError('SIGNING_KEY_INVALID', `Not a public key in PEM.${mistakenForPem(pem)}`, { cause });
  }
}
