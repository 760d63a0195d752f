import { parseSigstructToSign, sigstructToSign } from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

const fields = {
  type: 0,
  vendor: 0,
  date: '20260101',
  swDefined: 0,
  miscSelect: 0,
  miscMask: 0,
  isvFamilyId: pattern(16),
  attributes: { flags: 4n, xfrm: 3n },
  attributeMask: { flags: 0xffn, xfrm: 3n },
  enclaveHash: pattern(32),
  isvExtProdId: pattern(16),
  isvProdId: 1,
  isvSvn: 1,
};

export const seeds: readonly Uint8Array[] = [sigstructToSign(fields), new Uint8Array(256), new Uint8Array(255)];

export function fuzz(data: Uint8Array): void {
  const parsed = unlessRefused(() => parseSigstructToSign(data));
  if (parsed !== undefined) expectEqual(sigstructToSign(parsed), data, 'bytes to sign, encoded again');
}
