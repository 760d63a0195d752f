import { equalBytes } from '@enclos/codec';
import { fileKindOf } from '@enclos/diagnostics';
import { createDispatcher, type Dispatch, type Functions } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { checkProgram } from '@enclos/elf';
import { interfaceDigest, isProgramManifest, openImage, type EnclaveManifest } from '@enclos/manifest';
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
 * @param require refuses a manifest that the caller cannot run; the image, which may be large, is read once
 * @throws HOST_OPTION_INVALID, the errors of the image reader, PROGRAM_REFUSED, HOST_INTERFACE_MISMATCH, LAUNCH_INSPECTOR_REFUSED
 */
export function prepare<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  require?: (manifest: EnclaveManifest) => void,
): PreparedImage<T> {
  requireTimeouts(options);
  refuseOtherSdks(options.image);
  const { manifest, readBundle, bundleBytes } = openImage(options.image);
  require?.(manifest);
  // The platform checks the same, when the whole image has crossed.
  if (isProgramManifest(manifest)) {
    checkProgram(readBundle, { sizeBytes: bundleBytes, architecture: manifest.program.architecture });
  }
  const digest = interfaceDigest(options.interface);
  if (!equalBytes(digest, manifest.interfaceDigest)) throw new EnclosError('HOST_INTERFACE_MISMATCH');
  const calls = createDispatcher(options.interface.untrusted, options.untrusted);
  return { manifest, digest, calls, debugging: createDebugging(manifest, options) };
}

/** The file of another SDK has no manifest, no measured interface and another gate. @throws IMAGE_INVALID */
function refuseOtherSdks(image: Uint8Array): void {
  if (fileKindOf(image).known !== 'elf') return;
  const message =
    'This is an ELF file, as Intel’s SGX SDK and Open Enclave make them, and not an image of `enclos build`.';
  const next =
    'Load a signed enclave of another SDK with `loadSgxEnclave` of @enclos/sgx-host. It is not supervised: ' +
    'docs/how-to/run-signed-enclaves.md#start-it-again shows how to start it again.';
  throw new EnclosError('IMAGE_INVALID', message, { next });
}
