import { isEnclosError } from '@enclos/errors';
import { parseSnpReport } from '../src/snp/report.ts';
import { makeReport } from '../test/snp/synthetic-report.ts';

export const seeds: readonly Uint8Array[] = [2, 3, 5].map((version) => makeReport({ version }));

/** A report that is read covers every byte: what is signed, r and s, and nothing behind them. */
export function fuzz(data: Uint8Array): void {
  try {
    const { signedBytes, signature } = parseSnpReport(data);
    if (signedBytes.length !== 0x2a0 || signature.length !== 96) throw new RangeError('A part has a wrong length.');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
