import { isEnclosError } from '@enclos/errors';

import { intelSection, makeElf, openEnclaveSection } from '@enclos/sgx-image-kit';

import { inspect } from '../src/inspect/index.ts';

function begins(text: string): Uint8Array {
  const bytes = new Uint8Array(2000);
  bytes.set(new TextEncoder().encode(text));
  return bytes;
}

export const seeds: readonly Uint8Array[] = [
  begins('ECREATE\0\u0001\0\0\0\0\u0010'),
  begins('ENCLSEAL\u0001\0\u0001\0'),
  begins('\u0003\0\u0002\0\0\0\0\0').slice(0, 1200),
  begins('-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n').slice(0, 64),
  Uint8Array.of(0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0, ...new Uint8Array(1796)),
  makeElf({ sections: [intelSection([{}, { major: 1 }])] }),
  makeElf({ sections: [openEnclaveSection(Uint8Array.of(6, 0, 0, 0, 0xe1))] }),
];

/** Any file may be inspected: whatever it is, the answer is a report or an error of ours. */
export function fuzz(data: Uint8Array): void {
  try {
    inspect(data);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
