import { isEnclosError } from '@enclos/errors';
import { encodeSigstruct, PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import { createCpu } from '../src/cpu/cpu.ts';

const cpu = createCpu({
  fuses: new Uint8Array(32),
  ownerEpoch: new Uint8Array(16),
  cpuSvn: new Uint8Array(16),
  randomBytes: (sizeBytes) => new Uint8Array(sizeBytes),
});

const sigstructBytes = 1808;
const image = writeSgxs({
  ssaFrameSize: 1,
  sizeBytes: BigInt(2 * PAGE_SIZE),
  pages: [{ offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE) }],
});
const sigstruct = encodeSigstruct({
  type: 0,
  vendor: 0,
  date: '20260601',
  swDefined: 0,
  modulus: new Uint8Array(384).fill(0xff),
  exponent: 3,
  signature: new Uint8Array(384).fill(1),
  miscSelect: 0,
  miscMask: 0xffff_ffff,
  isvFamilyId: new Uint8Array(16),
  attributes: { flags: 4n, xfrm: 3n },
  attributeMask: { flags: 0xffff_ffff_ffff_fffdn, xfrm: 3n },
  enclaveHash: new Uint8Array(32),
  isvExtProdId: new Uint8Array(16),
  isvProdId: 1,
  isvSvn: 1,
  q1: new Uint8Array(384),
  q2: new Uint8Array(384),
});

/** A SIGSTRUCT, then an image. */
export const seeds: readonly Uint8Array[] = [Uint8Array.from([...sigstruct, ...image])];

/** What a host hands in: any image with any signature is loaded or refused with a typed error. */
export function fuzz(data: Uint8Array): void {
  try {
    cpu.load(data.subarray(sigstructBytes), data.subarray(0, sigstructBytes), { debug: false });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
