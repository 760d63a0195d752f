import { isEnclosError } from '@enclos/errors';
import { encodeKeyRequest, KeyName, KeyPolicy } from '@enclos/sgx';
import { getKey, type KeyRoots } from '../src/cpu/keys.ts';

const base = new Uint8Array(16).fill(1);
const roots: KeyRoots = {
  baseKeys: { provision: base, provisionSeal: base, report: base, seal: base },
  ownerEpoch: base,
  cpuSvn: base,
};
const enclave = {
  mrEnclave: new Uint8Array(32).fill(2),
  mrSigner: new Uint8Array(32).fill(3),
  isvProdId: 1,
  isvSvn: 2,
  attributes: { flags: 0x95n, xfrm: 3n },
  miscSelect: 0,
  configId: new Uint8Array(64).fill(4),
  configSvn: 1,
  isvFamilyId: base,
  isvExtProdId: base,
};

function request(keyName: number, keyPolicy: number): Uint8Array {
  return encodeKeyRequest({
    keyName,
    keyPolicy,
    isvSvn: 1,
    cpuSvn: base,
    attributeMask: { flags: 3n, xfrm: 0n },
    keyId: new Uint8Array(32),
    miscMask: 0,
    configSvn: 0,
  });
}

export const seeds: readonly Uint8Array[] = Object.values(KeyName).map((name) => request(name, KeyPolicy.MRSIGNER));

/** EGETKEY of any bytes: 16 bytes or a typed error. */
export function fuzz(data: Uint8Array): void {
  try {
    if (getKey(roots, enclave, data).length !== 16) throw new Error('A key is 16 bytes.');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
