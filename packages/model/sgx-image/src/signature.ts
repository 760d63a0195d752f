import { isZero } from '@enclos/codec';

export const SIGSTRUCT_BYTES = 1808;

/** The SIGSTRUCT at `at`; undefined for zeros, which SDKs leave for their signer. */
export function signatureIn(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const sigstruct = bytes.slice(at, at + SIGSTRUCT_BYTES);
  return isZero(sigstruct) ? undefined : sigstruct;
}
