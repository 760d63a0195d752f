import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Abi } from '@enclos/edl-calls/host';
import type { EdlModel } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
import type { EnclaveImage } from '@enclos/sgx-image';
import type { SgxLauncher } from '@enclos/tee';
import type { AbiHost, AbiRuntime } from '../abi/abi.ts';
import { createIntelRuntime } from '../intel/runtime.ts';
import { systemOcalls } from '../intel/system-ocalls.ts';
import { createOpenEnclaveRuntime } from '../open-enclave/runtime.ts';
import { isSystemName } from '../open-enclave/system-ocalls.ts';
import { openImage } from './image-file.ts';
import { type Cpuid, cpuidFrom } from '../processor/cpuid.ts';

/** What the runtimes of the SDKs are given of this process. */
export interface ProcessServices {
  readonly launcher: SgxLauncher;
  readonly print: (device: 'stdout' | 'stderr', text: string) => void;
  /** A line of the enclave. @param level 0 error to 4 trace */
  readonly log: (level: number, text: string) => void;
  readonly failed: (error: unknown) => void;
}

/** How the enclaves of one SDK are run. */
export interface SdkRuntime {
  readonly abi: Abi;
  readonly isSystemName: (name: string) => boolean;
  readonly create: (host: AbiHost, services: ProcessServices) => AbiRuntime;
}

const sdkRuntimes: Readonly<Record<Exclude<EnclaveImage['sdk'], 'sgxs'>, SdkRuntime>> = {
  intel: {
    abi: 'intel',
    isSystemName: (name) => systemOcalls.has(name),
    create: (host, { failed }) => createIntelRuntime(host, { cpuid: machineCpuid(), sleep, failed }),
  },
  'open-enclave': {
    abi: 'oe',
    isSystemName,
    create: (host, { launcher, print, log, failed }) =>
      createOpenEnclaveRuntime(host, {
        cpuid: machineCpuid(),
        randomBytes: (bytes) => randomBytes(bytes),
        quoting: launcher,
        // Levels of Open Enclave: 1 fatal, 2 error, 3 warning, 4 information, 5 verbose.
        log: (level, text) => log(Math.max(0, level - 2), text),
        print,
        failed,
        now: () => Date.now(),
      }),
  },
};

/**
 * Whose SDK made the file of a signed enclave.
 *
 * @returns undefined for an SGXS stream, which does not say it
 * @throws HOST_OPTION_INVALID for a file that cannot be read; ENCLAVE_FILE_*
 */
export function abiOfImage(path: string): Abi | undefined {
  const { image, close } = openImage(path);
  close();
  return sdkRuntimeOf(image)?.abi;
}

const sdkNames: Readonly<Record<Abi, string>> = { intel: "Intel's SDK", oe: 'Open Enclave' };

/**
 * Each compiler counts functions in its own way, so calls by an interface of the other SDK would go to other functions.
 *
 * @throws HOST_OPTION_INVALID
 */
export function requireOwnInterface({ dialect, ocalls }: EdlModel, { abi }: SdkRuntime, handlers: object): void {
  const image = `the image is of ${sdkNames[abi]}`;
  if (dialect !== 'both' && dialect !== abi) {
    throw notOwn(`the interface keeps the rules of ${sdkNames[dialect]} alone, and ${image}.`);
  }
  const own = sdkRuntimes[abi === 'intel' ? 'intel' : 'open-enclave'];
  const other = sdkRuntimes[abi === 'intel' ? 'open-enclave' : 'intel'];
  const foreign = ocalls.find(({ name }) => other.isSystemName(name) && !own.isSystemName(name) && !(name in handlers));
  if (foreign === undefined) return;
  throw notOwn(`${foreign.name} is an OCALL of ${sdkNames[other.abi]}, and ${image}.`);
}

function notOwn(why: string): EnclosError<'HOST_OPTION_INVALID'> {
  const next = 'Give the EDL file that this enclave was built with.';
  return new EnclosError('HOST_OPTION_INVALID', `edl: ${why}`, { next });
}

/** @returns undefined for an SGXS stream, which does not say what it was made with */
export function sdkRuntimeOf({ sdk }: EnclaveImage): SdkRuntime | undefined {
  return sdk === 'sgxs' ? undefined : sdkRuntimes[sdk];
}

function machineCpuid(): Cpuid {
  return cpuidFrom(readFileSync('/proc/cpuinfo', 'latin1'));
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { ref: false, signal }).catch(() => undefined);
}
