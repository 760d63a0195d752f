import type { AmdRole, FormName } from '@enclos/evidence';
import type { JsonObject } from '@enclos/codec/json';

/** Nothing longer is opened: collateral is under 40 KiB, a quote under 256 KiB. */
export const maximumInputBytes = 4 * 1024 * 1024;

/** Evidence of any form, or the HCL report of an Azure VM alone. */
export interface EvidenceInput {
  readonly kind: FormName | 'hcl-report';
  /** What it was read from: `bytes`, `hex`, `member quote`. */
  readonly form: string;
  /** The bytes, with whatever follows the evidence; for a document, its JSON text. */
  readonly bytes: Uint8Array;
}

/** A `root` is a certificate of no known vendor: of a software platform, or of a server. */
type SignedKind = `amd-${AmdRole}` | 'root' | 'revocation-list';

/** A certificate or a list of revoked ones, DER. */
export type SignedInput = {
  readonly [Kind in SignedKind]: { readonly kind: Kind; readonly der: Uint8Array };
}[SignedKind];

/** What a file or a pasted text was taken for. */
export type Input =
  | EvidenceInput
  | SignedInput
  | { readonly kind: 'collateral'; readonly text: string }
  | { readonly kind: 'policy'; readonly rules: JsonObject }
  | { readonly kind: 'unreadable'; readonly reason: string };

export function isEvidence(input: Input): input is EvidenceInput {
  return 'bytes' in input;
}

export function unreadable(reason: string): Input {
  return { kind: 'unreadable', reason };
}

/** For a file that is not opened at all. */
export function tooLarge(sizeBytes: number): Input {
  const mebibytes = (sizeBytes / 1024 / 1024).toFixed(1);
  return unreadable(`It has ${mebibytes} MiB, and nothing over ${maximumInputBytes / 1024 / 1024} MiB is opened.`);
}
