/**
 * What the caller should do about an error.
 *
 * - `usage`: the caller's code, configuration or file is wrong; fix it.
 * - `transient`: try again, later or elsewhere.
 * - `evidence`: the bytes do not prove what they claim; stop.
 * - `policy`: the proof holds but the relying party's policy refuses it.
 * - `refused`: a platform or a peer refused the operation by its own rules.
 * - `lost`: the enclave, platform or connection is gone; load again.
 */
export type ErrorKind = 'usage' | 'transient' | 'evidence' | 'policy' | 'refused' | 'lost';

/** One declared error: what happened in general, and what to do next. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly summary: string;
  readonly next: string;
}
