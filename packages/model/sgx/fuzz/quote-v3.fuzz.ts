import { concatBytes } from '@enclos/codec';
import { encodeQuoteV3, parseQuoteV3, parseReportBody } from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

const reportBody = parseReportBody(new Uint8Array(384));

function seed(qeAuthData: Uint8Array, certificationData: Uint8Array): Uint8Array {
  return encodeQuoteV3({
    qeSvn: 1,
    pceSvn: 2,
    qeVendorId: pattern(16),
    userData: pattern(20),
    reportBody,
    signature: {
      isvSignature: pattern(64),
      attestationKey: pattern(64),
      qeReport: reportBody,
      qeReportSignature: pattern(64),
      qeAuthData,
      certificationDataType: 5,
      certificationData,
    },
  });
}

const empty = new Uint8Array(0);
const full = seed(pattern(32), pattern(300));

export const seeds: readonly Uint8Array[] = [full, seed(empty, empty), concatBytes(full, pattern(3))];

export function fuzz(data: Uint8Array): void {
  const quote = unlessRefused(() => parseQuoteV3(data));
  if (quote !== undefined) {
    expectEqual(quote.signedBytes, data.slice(0, 432), 'the signed bytes of a quote');
    if (encodeQuoteV3(quote).length !== data.length) throw new Error('A quote encoded again has another length.');
  }
  const first = unlessRefused(() => parseQuoteV3(data, { allowTrailing: true }));
  if (quote !== undefined && first === undefined) throw new Error('Allowing trailing bytes refused a quote.');
}
