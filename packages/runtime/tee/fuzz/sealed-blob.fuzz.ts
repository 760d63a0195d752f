import { isEnclosError } from '@enclos/errors';
import { KeyName, KeyPolicy } from '@enclos/sgx';
import { decodeGateHello, encodeGateHello, encodeSealedBlob, parseSealedBlob, type SealedBlob } from '../src/index.ts';

const blob: SealedBlob = {
  keyRequest: {
    keyName: KeyName.SEAL,
    keyPolicy: KeyPolicy.MRSIGNER,
    isvSvn: 1,
    cpuSvn: new Uint8Array(16),
    attributeMask: { flags: 3n, xfrm: 0n },
    keyId: new Uint8Array(32),
    miscMask: 0,
    configSvn: 0,
  },
  nonce: new Uint8Array(12),
  ciphertext: new Uint8Array(40),
  tag: new Uint8Array(16),
};

export const seeds: readonly Uint8Array[] = [
  encodeSealedBlob(blob),
  encodeSealedBlob({ ...blob, salt: new Uint8Array(32) }),
  encodeGateHello({ name: 'sample', interfaceDigest: new Uint8Array(32) }),
];

/** Both come from the host: the sealed blob and the gate's first message. */
export function fuzz(data: Uint8Array): void {
  for (const parse of [parseSealedBlob, decodeGateHello]) {
    try {
      parse(data);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
