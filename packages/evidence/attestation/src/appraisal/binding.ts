import { ByteWriter, utf8 } from '@enclos/codec';
import { misused } from '../refusal/refusal.ts';
import { sha256, type Steps } from '../crypto/crypto-steps.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';

/** The report data that the enclave must have put in, 64 bytes. See `boundReportData`. */
export interface ReportDataBinding {
  readonly reportData: Uint8Array;
}

/** No expectation about the report data, and why. Made by `unbound`. */
export interface UnboundBinding {
  readonly unbound: string;
}

/**
 * What ties the evidence to this conversation. Without it, anybody's quote of
 * the same enclave would do, so that it is never left out silently.
 */
export type Binding = ReportDataBinding | UnboundBinding;

/** What our own report data commits to. */
export interface ReportDataInputs {
  /** What the evidence is for: 1 to 255 bytes of UTF-8, like `vault.secret-upload.v1`. */
  readonly purpose: string;
  /** From the relying party, fresh, 16 to 1024 bytes. */
  readonly nonce: Uint8Array;
  /** A public key of the enclave, in whatever encoding the purpose says; at most 65535 bytes. */
  readonly key?: Uint8Array;
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
}

const domain = utf8('enclos.report-data.v1');

/**
 * Our own report data: SHA-256 over domain tag, purpose, nonce and key, each
 * with its length before it, then 32 zero bytes. The enclave computes it for
 * its quote, the relying party for `appraise`.
 *
 * Hashed bytes: u8 length and domain `enclos.report-data.v1`, u8 length and
 * purpose, u16 length and nonce, u8 1 or 0 for with or without a key, u16
 * length and key. Integers are little-endian.
 *
 * @throws VERIFIER_MISUSED when a part is out of bounds.
 */
export async function boundReportData(inputs: ReportDataInputs): Promise<Uint8Array> {
  return runAsync(reportDataSteps(inputs), inputs.subtle ?? globalThis.crypto?.subtle);
}

/** The steps of `boundReportData`. */
export function* reportDataSteps({ purpose, nonce, key }: Omit<ReportDataInputs, 'subtle'>): Steps<Uint8Array> {
  const purposeBytes = utf8(purpose);
  if (purposeBytes.length === 0 || purposeBytes.length > 255) misused('The purpose is not 1 to 255 bytes.');
  if (nonce.length < 16 || nonce.length > 1024) misused('The nonce is not 16 to 1024 bytes.');
  if (key !== undefined && key.length > 65_535) misused('The key is over 65535 bytes.');
  const sizeHint = domain.length + purposeBytes.length + nonce.length + (key?.length ?? 0) + 16;
  const writer = new ByteWriter({ sizeHint });
  writer.u8(domain.length).bytes(domain).u8(purposeBytes.length).bytes(purposeBytes);
  writer
    .u16(nonce.length)
    .bytes(nonce)
    .u8(key === undefined ? 0 : 1);
  if (key !== undefined) writer.u16(key.length).bytes(key);
  const reportData = new Uint8Array(64);
  reportData.set(yield* sha256(writer.finish()));
  return reportData;
}

/**
 * Appraises without a binding: for inspection, or when something else than the
 * report data ties the evidence down. The reason stays in the result.
 *
 * @throws VERIFIER_MISUSED for an empty reason.
 */
export function unbound(reason: string): UnboundBinding {
  if (typeof reason !== 'string' || reason.trim() === '') misused('unbound() wants a reason.');
  return Object.freeze({ unbound: reason });
}
