import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bindInterface, type BoundInterface } from '@enclos/edl-calls/host';
import { compileEdl } from '@enclos/edl-compiler';
import { generateSigningKey } from '@enclos/sgx/node';
import { loadSgxEnclave, type SgxEnclave } from '@enclos/sgx-host';
import { intelEdl, intelEnclave } from '@enclos/sgx-image-kit';
import type { SgxLauncher } from '@enclos/tee';

export interface SgxEcalls {
  ecall_nothing: () => Promise<void>;
  ecall_copy: (values: { source: Uint8Array; bytes: bigint }) => Promise<{ copy: Uint8Array }>;
}

interface SgxOcalls {
  ocall_ask: (values: { value: number }) => number;
}

/** As large as what SDKs make of a program with a library of cryptography. */
const largeBytes = 9_000_000;

export type SgxImageSize = 'small' | 'large';

/** Signed files of enclaves as Intel's SDK makes them, of less than 100 KB and of 9 MB. */
export interface SgxEnclaves {
  load(size: SgxImageSize, options?: SgxBenchOptions): Promise<SgxEnclave<SgxEcalls>>;
  readonly launcher: SgxLauncher;
}

export interface SgxBenchOptions {
  readonly fastExit?: boolean;
  readonly launcher?: SgxLauncher;
}

export async function writeEnclaves(folder: string, launcher: SgxLauncher): Promise<SgxEnclaves> {
  const key = generateSigningKey();
  const files = { small: join(folder, 'small.signed.so'), large: join(folder, 'large.signed.so') };
  await writeFile(files.small, intelEnclave({ key, copyBytes: 2 ** 20 }).signed);
  await writeFile(files.large, intelEnclave({ key, contentBytes: largeBytes }).signed);
  const edl = interfaceOf(intelEdl);
  return {
    launcher,
    load: (size, options = {}) =>
      loadSgxEnclave({
        image: files[size],
        edl,
        ocalls: { ocall_ask: ({ value }) => value },
        launcher,
        isolation: 'best',
        ...options,
      }),
  };
}

/** As a module that `enclos edl gen` wrote holds it. */
function interfaceOf(edl: string): BoundInterface<SgxEcalls, SgxOcalls> {
  const { model } = compileEdl({ file: 'bench.edl', read: () => edl, dialect: 'intel' });
  if (model === undefined) throw new Error('The interface of the enclave is refused.');
  return bindInterface<SgxEcalls, SgxOcalls>({ model, foreign: {}, userCheck: [] });
}
