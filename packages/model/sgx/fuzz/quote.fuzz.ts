import { concatBytes } from '@enclos/codec';
import {
  encodeQuote,
  parseQuote,
  parseReportBody,
  parseTdReport,
  type QuoteBody,
  type QuoteParts,
} from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

const reportBody = parseReportBody(new Uint8Array(384));

function seed(version: QuoteParts['version'], body: QuoteBody, qeAuthData = pattern(32)): Uint8Array {
  return encodeQuote({
    version,
    qeSvn: 1,
    pceSvn: 2,
    qeVendorId: pattern(16),
    userData: pattern(20),
    body,
    signature: {
      isvSignature: pattern(64),
      attestationKey: pattern(64),
      qeReport: reportBody,
      qeReportSignature: pattern(64),
      qeAuthData,
      certificationDataType: 5,
      certificationData: pattern(300),
    },
  });
}

const td = (type: Exclude<QuoteBody['type'], 'sgx'>, length: number): QuoteBody =>
  // The length is that of the type.
  ({ type, report: parseTdReport(pattern(length)) }) as QuoteBody;
const sgx: QuoteBody = { type: 'sgx', report: reportBody };
const version4 = seed(4, td('td-1.0', 584));

export const seeds: readonly Uint8Array[] = [
  seed(3, sgx),
  seed(4, sgx, new Uint8Array()),
  version4,
  seed(5, sgx),
  seed(5, td('td-1.5', 648)),
  seed(5, td('td-1.5-ex', 885)),
  concatBytes(version4, pattern(70)),
];

export function fuzz(data: Uint8Array): void {
  const quote = unlessRefused(() => parseQuote(data));
  if (quote !== undefined) {
    expectEqual(quote.signedBytes, data.slice(0, quote.signedBytes.length), 'the signed bytes of a quote');
    if (encodeQuote(quote).length !== data.length) throw new Error('A quote encoded again has another length.');
  }
  const first = unlessRefused(() => parseQuote(data, { allowTrailing: true }));
  if (quote !== undefined && first === undefined) throw new Error('Allowing trailing bytes refused a quote.');
}
