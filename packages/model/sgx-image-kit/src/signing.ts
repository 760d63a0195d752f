import type { KeyObject } from 'node:crypto';

import type { SigstructFields } from '@enclos/sgx';
import { signSigstruct } from '@enclos/sgx/node';

/** MODE64BIT. */
const mode64 = 4n;
const debug = 2n;
const allBits = 0xffff_ffff_ffff_ffffn;

export interface KitSigning {
  /** RSA, 3072 bits, exponent 3: `generateSigningKey` of `@enclos/sgx/node` makes one, which takes a moment. */
  readonly key: KeyObject;
  /** What the signer decides beside MRENCLAVE. Default: production and debugging, 64 bits, product 1, security version 1. */
  readonly fields?: Partial<SigstructFields>;
}

export function signEnclave(mrEnclave: Uint8Array, { key, fields }: KitSigning): Uint8Array {
  return signSigstruct(
    {
      type: 0,
      vendor: 0,
      date: '20260601',
      swDefined: 0,
      miscSelect: 0,
      miscMask: 0xffff_ffff,
      isvFamilyId: new Uint8Array(16),
      attributes: { flags: mode64, xfrm: 3n },
      attributeMask: { flags: allBits & ~debug, xfrm: allBits & ~0xe4n },
      isvExtProdId: new Uint8Array(16),
      isvProdId: 1,
      isvSvn: 1,
      ...fields,
      enclaveHash: mrEnclave,
    },
    key,
  );
}

/** An enclave that was assembled, in every form. */
export interface KitEnclave {
  /** The file before it is signed: everything but the SIGSTRUCT. */
  readonly elf: Uint8Array;
  /** The file with the SIGSTRUCT in its place. */
  readonly signed: Uint8Array;
  readonly sgxs: Uint8Array;
  readonly sigstruct: Uint8Array;
  readonly mrEnclave: Uint8Array;
  /** Offset of the SIGSTRUCT in `signed`. */
  readonly sigstructAt: number;
  readonly enclaveBytes: number;
  /** Offsets of the TCS pages in the enclave, in the order of the stream. */
  readonly tcs: readonly number[];
}
