import { attestationErrors } from '../registry/attestation.ts';
import { codecErrors } from '../registry/codec.ts';
import type { ErrorCode } from '../registry/index.ts';
import type { ErrorEntry } from '../registry/kinds.ts';
import { sgxErrors } from '../registry/sgx.ts';

/**
 * What stands for the registry in scripts for browsers (see `imports` in
 * package.json), which hold the verifier: the codes that it raises.
 */
// A code that is not here is of a package that runs in no browser: tests of the scripts keep it so.
export const errorRegistry = { ...codecErrors, ...sgxErrors, ...attestationErrors } as Readonly<
  Partial<Record<ErrorCode, ErrorEntry>>
> as Readonly<Record<ErrorCode, ErrorEntry>>;
