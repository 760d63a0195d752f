import * as sgx from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

/** A codec whose accepted inputs must encode back to themselves. */
function roundTrip<T>(parse: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): (data: Uint8Array) => void {
  return (data) => {
    const value = unlessRefused(() => parse(data));
    if (value !== undefined) expectEqual(encode(value), data, 'a structure encoded again');
  };
}

const codecs = [
  roundTrip(sgx.parseAttributes, sgx.encodeAttributes),
  roundTrip(sgx.parseTargetInfo, sgx.encodeTargetInfo),
  roundTrip((bytes) => sgx.parseReportBody(bytes), sgx.encodeReportBody),
  roundTrip(sgx.parseReport, sgx.encodeReport),
  roundTrip(sgx.parseKeyRequest, sgx.encodeKeyRequest),
  roundTrip(sgx.parseSecs, sgx.encodeSecs),
];

export const seeds: readonly Uint8Array[] = [
  pattern(16),
  ...[384, 432, 512, 4096].flatMap((length) => [new Uint8Array(length), pattern(length)]),
];

export function fuzz(data: Uint8Array): void {
  for (const codec of codecs) codec(data);
  unlessRefused(() => sgx.parseReportBody(data, { reserved: 'ignore' }));
}
