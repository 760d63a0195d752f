import { computeQ1Q2, encodeSigstruct, parseSigstruct, verifySigstruct } from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

const modulus = pattern(384).fill(0xff, 380);
const small = new Uint8Array(384).fill(1, 0, 1);

function seed(signature: Uint8Array): Uint8Array {
  return encodeSigstruct({
    type: 0,
    vendor: 0,
    date: '20260101',
    swDefined: 0,
    modulus,
    exponent: 3,
    signature,
    miscSelect: 0,
    miscMask: 0,
    isvFamilyId: pattern(16),
    attributes: { flags: 4n, xfrm: 3n },
    attributeMask: { flags: 0xffn, xfrm: 3n },
    enclaveHash: pattern(32),
    isvExtProdId: pattern(16),
    isvProdId: 1,
    isvSvn: 1,
    ...computeQ1Q2(signature, modulus),
  });
}

/** Quotients are right and the signature is not, so that a mutation reaches every check. */
export const seeds: readonly Uint8Array[] = [seed(pattern(384).fill(0, 383)), seed(small), new Uint8Array(1808)];

const noDigest = new Uint8Array(32);

export function fuzz(data: Uint8Array): void {
  const sigstruct = unlessRefused(() => parseSigstruct(data));
  if (sigstruct !== undefined) expectEqual(encodeSigstruct(sigstruct), data, 'a SIGSTRUCT encoded again');
  const verified = unlessRefused(() => verifySigstruct(data, () => noDigest));
  if (verified !== undefined) throw new Error('A signature was forged.');
}
