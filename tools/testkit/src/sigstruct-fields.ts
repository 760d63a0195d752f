/** The fields of a SIGSTRUCT in the shape of `SigstructFields` of `@enclos/sgx`, on which this package does not depend. */
interface Fields {
  readonly type: number;
  readonly vendor: number;
  readonly date: string;
  readonly swDefined: number;
  readonly miscSelect: number;
  readonly miscMask: number;
  readonly isvFamilyId: Uint8Array;
  readonly attributes: Attributes;
  readonly attributeMask: Attributes;
  readonly enclaveHash: Uint8Array;
  readonly isvExtProdId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
}

interface Attributes {
  readonly flags: bigint;
  readonly xfrm: bigint;
}

const allBits = 0xffff_ffff_ffff_ffffn;
const debugBit = 1n << 1n;
const mode64Bit = 1n << 2n;

/** What a signer says of a production enclave, which may be launched for debugging too; and what a test changes. */
export function sigstructFields(changes: Partial<Fields> = {}): Fields {
  return {
    type: 0,
    vendor: 0,
    date: '20260601',
    swDefined: 0,
    miscSelect: 0,
    miscMask: 0xffff_ffff,
    isvFamilyId: new Uint8Array(16),
    attributes: { flags: mode64Bit, xfrm: 3n },
    attributeMask: { flags: allBits & ~debugBit, xfrm: allBits },
    enclaveHash: new Uint8Array(32),
    isvExtProdId: new Uint8Array(16),
    isvProdId: 1,
    isvSvn: 1,
    ...changes,
  };
}
