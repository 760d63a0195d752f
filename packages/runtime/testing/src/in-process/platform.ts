import { createInProcessEnclave, type InProcessEnclave, type InProcessEnclaveOptions } from './enclave.ts';
import { plainMachine, quotingMachine, type InProcessEndorsements } from './machine.ts';
import { installPresentRuntime } from './runtime-of-tests.ts';

export interface InProcessPlatformOptions {
  /** Whether enclaves can quote. It takes about a second: a vendor and its certificates are made. Default: false. */
  readonly quotes?: boolean;
}

/**
 * A software SGX processor in the process of a test. Its enclaves are code of this process: nothing keeps the test, or
 * anything else here, from reading and changing them.
 */
export interface InProcessPlatform {
  /** Makes an enclave: an identity, under which code runs. The first enclave of a signer takes half a second, for the key. */
  enclave(options?: InProcessEnclaveOptions): InProcessEnclave;
  /** Present when the platform quotes. */
  readonly endorsements: InProcessEndorsements | undefined;
}

/**
 * Makes a platform for unit tests of sealing, reports and quotes: code that calls `seal`, `unseal`, `identity`, `createReport`,
 * `verifyReport` or `quote` of `@enclos/enclave` runs in the process of the test, with its debugger and its coverage. The rules
 * are those of SGX, by the code of the software platform. Each platform is another machine: it opens nothing that another one
 * sealed, also not in the next run.
 *
 * It is not a platform for anything but tests. Its enclaves share the memory and the modules of the process, its measurements
 * are of no real image, and its quotes end in a root that no policy names unless the test does.
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { seal, unseal } from '@enclos/enclave';
 * import { createInProcessPlatform } from '@enclos/testing/in-process';
 *
 * test('an update opens what the version before sealed, and not the other way round', async () => {
 *   const platform = await createInProcessPlatform();
 *   const [before, after] = [1, 2].map((securityVersion) => platform.enclave({ securityVersion }));
 *   const secret = new TextEncoder().encode('secret');
 *   const old = await before?.run(() => seal(secret, { policy: 'signer' }));
 *   const current = await after?.run(() => seal(secret, { policy: 'signer' }));
 *   assert.ok(old !== undefined && current !== undefined);
 *   assert.deepEqual(await after?.run(() => unseal(old, { policy: 'signer' })), secret);
 *   await assert.rejects(async () => before?.run(() => unseal(current, { policy: 'signer' })), { code: 'SEAL_SVN_TOO_NEW' });
 * });
 * ```
 */
export async function createInProcessPlatform(options: InProcessPlatformOptions = {}): Promise<InProcessPlatform> {
  installPresentRuntime();
  const { machine, endorsements } = options.quotes === true ? await quotingMachine() : plainMachine();
  return Object.freeze({
    enclave: (identity: InProcessEnclaveOptions = {}) => createInProcessEnclave(machine, identity),
    endorsements,
  });
}
