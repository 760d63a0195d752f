import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** @throws CODEC_OUT_OF_RANGE unless it is 64 bytes: kernels and Gramine pad or truncate silently. */
export function requireReportData(reportData: Uint8Array): void {
  if (reportData.length === 64) return;
  throw new EnclosError('CODEC_OUT_OF_RANGE', `Report data is 64 bytes, not ${reportData.length}.`);
}

/** @param rule the rule that does not hold, without any bytes of the evidence. */
export function unexpectedEvidence(rule: string, cause?: unknown): EnclosError {
  return new EnclosError('TEE_EVIDENCE_UNEXPECTED', rule, cause === undefined ? {} : { cause });
}

/**
 * Evidence over other report data belongs to another process, or is older: all processes that may open the interfaces share
 * them.
 * @throws TEE_EVIDENCE_UNEXPECTED
 */
export function requireSameReportData(found: Uint8Array, asked: Uint8Array): void {
  if (!equalBytes(found, asked)) throw unexpectedEvidence('The evidence is about other report data.');
}
