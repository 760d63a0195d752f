import { KeyPolicy } from '@enclos/sgx';
import { parseSealedBlob } from '@enclos/tee';

import { attributesNode, byteCount, hexNode, node, type InspectReport } from './report.ts';

function policyNames(policy: number): string {
  const names = Object.entries(KeyPolicy)
    .filter(([, bit]) => (policy & bit) !== 0)
    .map(([name]) => name);
  return names.length === 0 ? 'none' : names.join(' ');
}

/** Shows how the sealing key is derived; only the enclave that may derive it can open the blob. */
export function inspectSealedBlob(bytes: Uint8Array): InspectReport {
  const { keyRequest, salt, nonce, ciphertext } = parseSealedBlob(bytes);
  const whoCannotOpen = salt === undefined ? 'an older enclave cannot open it' : 'no other version can open it';
  return Object.freeze({
    kind: 'sealed-blob',
    title: `Sealed blob, version ${salt === undefined ? 1 : 2}`,
    nodes: [
      node('key policy', policyNames(keyRequest.keyPolicy), 'who can open it on the machine that sealed it'),
      node('security version', keyRequest.isvSvn, whoCannotOpen),
      hexNode('CPUSVN', keyRequest.cpuSvn),
      node('CONFIGSVN', keyRequest.configSvn),
      attributesNode('attribute mask', keyRequest.attributeMask),
      node('MISCSELECT mask', `0x${keyRequest.miscMask.toString(16)}`),
      hexNode('key id', keyRequest.keyId),
      ...(salt === undefined ? [] : [hexNode('salt', salt)]),
      node('cipher', 'AES-256-GCM'),
      hexNode('nonce', nonce),
      node('content', byteCount(ciphertext.length), 'encrypted'),
    ],
  });
}
