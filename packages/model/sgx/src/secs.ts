import { attributes, type Attributes } from './attributes.ts';
import { at, bytes, structure, u16, u32, u64 } from './structure.ts';

/**
 * SECS (SDM vol. 3D, SGX Enclave Control Structure): the processor's record of an enclave. 4096 bytes.
 *
 * ISVFAMILYID and ISVEXTPRODID have no published place in it: the software CPU keeps them separately.
 */
export interface Secs {
  /** Bytes. */
  readonly size: bigint;
  readonly base: bigint;
  /** Pages. */
  readonly ssaFrameSize: number;
  readonly miscSelect: number;
  readonly attributes: Attributes;
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** 32 bytes. */
  readonly mrSigner: Uint8Array;
  /** 64 bytes. */
  readonly configId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
}

const layout = structure<Secs>({
  name: 'SECS',
  sizeBytes: 4096,
  fields: {
    size: at(0, u64),
    base: at(8, u64),
    ssaFrameSize: at(16, u32),
    miscSelect: at(20, u32),
    attributes: at(48, attributes),
    mrEnclave: at(64, bytes(32)),
    mrSigner: at(128, bytes(32)),
    configId: at(192, bytes(64)),
    isvProdId: at(256, u16),
    isvSvn: at(258, u16),
    configSvn: at(260, u16),
  },
});

/**
 * @throws SGX_STRUCTURE_INVALID for a length other than 4096.
 * @throws SGX_RESERVED_NOT_ZERO for a non-zero reserved byte.
 */
export function parseSecs(input: Uint8Array): Secs {
  return layout.parse(input);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit. */
export function encodeSecs(secs: Secs): Uint8Array {
  return layout.encode(secs);
}
