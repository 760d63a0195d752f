import { createHash, sign } from 'node:crypto';
import { concatBytes } from '@enclos/codec';
import type { RsaKeyPair } from '../pki/keys.ts';
import { littleEndian, repeated } from '../quote/bytes.ts';

/** TPMS_ATTEST of a quote (TPM 2.0 Library, part 2, section 10.12). */
export interface TpmAttestFields {
  readonly magic: number;
  /** 0x8018: a quote. */
  readonly type: number;
  readonly signer: Uint8Array;
  /** The qualifying data. */
  readonly extraData: Uint8Array;
  readonly clock: bigint;
  readonly safe: number;
  readonly banks: number;
  /** 0x000b: SHA-256. */
  readonly hash: number;
  readonly selectSize: number;
  readonly select: readonly number[];
  readonly digest: Uint8Array;
  readonly trailing: Uint8Array;
}

/** Values of the 24 PCRs that differ from each other. */
export const examplePcrs: readonly Uint8Array[] = Array.from({ length: 24 }, (_, number) => repeated(number + 1, 32));

const bigEndian = (value: bigint | number, sizeBytes: number): Uint8Array => littleEndian(value, sizeBytes).reverse();
const sized = (bytes: Uint8Array): Uint8Array => concatBytes(bigEndian(bytes.length, 2), bytes);

/** A quote over all of `examplePcrs`, big-endian. */
export function encodeTpmAttest(change: Partial<TpmAttestFields> = {}): Uint8Array {
  const spec: TpmAttestFields = {
    magic: 0xff54_4347,
    type: 0x8018,
    signer: concatBytes(Uint8Array.of(0, 0x0b), repeated(9, 32)),
    extraData: new Uint8Array(),
    clock: 3_232_345n,
    safe: 1,
    banks: 1,
    hash: 0x000b,
    selectSize: 3,
    select: [0xff, 0xff, 0xff],
    digest: new Uint8Array(
      createHash('sha256')
        .update(concatBytes(...examplePcrs))
        .digest(),
    ),
    trailing: new Uint8Array(),
    ...change,
  };
  return concatBytes(
    bigEndian(spec.magic, 4),
    bigEndian(spec.type, 2),
    sized(spec.signer),
    sized(spec.extraData),
    bigEndian(spec.clock, 8),
    bigEndian(3, 4),
    bigEndian(2, 4),
    bigEndian(spec.safe, 1),
    bigEndian(0x2020_0312_0012_0003n, 8),
    bigEndian(spec.banks, 4),
    bigEndian(spec.hash, 2),
    bigEndian(spec.selectSize, 1),
    Uint8Array.from(spec.select),
    sized(spec.digest),
    spec.trailing,
  );
}

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export function signTpmAttest(message: Uint8Array, key: RsaKeyPair): Uint8Array {
  return new Uint8Array(sign('sha256', message, key.privateKey));
}
