import { equalBytes } from '@enclos/codec';
import { createDispatcher, type Dispatch, type Functions } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { checkProgram } from '@enclos/elf';
import {
  interfaceDigest,
  isProgramManifest,
  readImage,
  type EnclaveManifest,
  type ProgramSettings,
} from '@enclos/manifest';
import { createDebugging, type Debugging } from '../debug/debugging.ts';
import { requireTimeouts, type HostContext, type LoadOptions } from './load-options.ts';

/** An image that was read and checked. It does not change, however often it is loaded. */
export interface PreparedImage<T extends Functions> {
  readonly manifest: EnclaveManifest;
  readonly digest: Uint8Array;
  readonly calls: Dispatch<HostContext<T>>;
  readonly debugging: Debugging;
}

/**
 * Finds all errors that can be found before an enclave is started.
 * @throws HOST_OPTION_INVALID, the errors of the image reader, PROGRAM_REFUSED, HOST_INTERFACE_MISMATCH, LAUNCH_INSPECTOR_REFUSED
 */
export function prepare<T extends Functions, U extends Functions>(options: LoadOptions<T, U>): PreparedImage<T> {
  requireTimeouts(options);
  const { manifest, bundle } = readImage(options.image);
  if (isProgramManifest(manifest)) requireProgram(bundle, manifest.program);
  const digest = interfaceDigest(options.interface);
  if (!equalBytes(digest, manifest.interfaceDigest)) throw new EnclosError('HOST_INTERFACE_MISMATCH');
  const calls = createDispatcher(options.interface.untrusted, options.untrusted);
  return { manifest, digest, calls, debugging: createDebugging(manifest, options) };
}

/** The platform checks the same, when the whole image has crossed. @throws PROGRAM_REFUSED */
function requireProgram(program: Uint8Array, { architecture }: ProgramSettings): void {
  const read = (offset: number, length: number): Uint8Array => program.subarray(offset, offset + length);
  checkProgram(read, { sizeBytes: program.length, architecture });
}
