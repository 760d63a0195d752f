import { EnclosError } from '@enclos/errors';
import { attributes, type Attributes } from './attributes.ts';
import { at, bytes, structure, u16, u32 } from './structure.ts';

/** KEYREQUEST (SDM vol. 3D, Key Request): selects the key that EGETKEY derives. 512 bytes. */
export interface KeyRequest {
  /** A {@link KeyName}. Another number is kept: EGETKEY answers it with its own error code. */
  readonly keyName: number;
  /** {@link KeyPolicy} bits. */
  readonly keyPolicy: number;
  readonly isvSvn: number;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly attributeMask: Attributes;
  /** 32 bytes. */
  readonly keyId: Uint8Array;
  readonly miscMask: number;
  readonly configSvn: number;
}

const knownPolicyBits = 0x3f;

const layout = structure<KeyRequest>({
  name: 'KEYREQUEST',
  sizeBytes: 512,
  fields: {
    keyName: at(0, u16),
    keyPolicy: at(2, u16),
    isvSvn: at(4, u16),
    cpuSvn: at(8, bytes(16)),
    attributeMask: at(24, attributes),
    keyId: at(40, bytes(32)),
    miscMask: at(72, u32),
    configSvn: at(76, u16),
  },
  check: ({ keyPolicy }) => {
    // EGETKEY faults on reserved policy bits as on any reserved byte (SDM vol. 3D, EGETKEY: #GP(0)).
    if ((keyPolicy & ~knownPolicyBits) !== 0) {
      throw new EnclosError('SGX_RESERVED_NOT_ZERO', 'KEYREQUEST: KEYPOLICY has reserved bits set.');
    }
  },
});

/**
 * @throws SGX_STRUCTURE_INVALID for a length other than 512.
 * @throws SGX_RESERVED_NOT_ZERO for a non-zero reserved byte or policy bit.
 */
export function parseKeyRequest(input: Uint8Array): KeyRequest {
  return layout.parse(input);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit; SGX_RESERVED_NOT_ZERO for a reserved policy bit. */
export function encodeKeyRequest(keyRequest: KeyRequest): Uint8Array {
  return layout.encode(keyRequest);
}
