import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  copyProgram,
  stubPlan,
  verifyFile,
  type FileErrors,
  type IsolationPlan,
  type VerifiedFile,
} from '@enclos/isolation';
import { findStub, type Stub } from '@enclos/sgx-stub';
import { lastText } from '../process/exit-detail.ts';

/** What a platform has for SGX images. */
export interface SgxServices {
  /** The stub as it was found, whether images can run or not. */
  readonly stub: StubFacts | undefined;
  /** What runs images; the other says why none can run. */
  readonly execution: SgxExecution | { readonly obstacle: string };
}

export interface StubFacts {
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  /** Byte 1 of a CPUSVN that states it. */
  readonly securityVersion: number;
  readonly compiler: string;
}

export interface SgxExecution {
  /** The platform's own copy; `recheck` throws SGX_STUB_MISMATCH. */
  readonly program: VerifiedFile;
  readonly isolation: IsolationPlan;
}

export interface PrepareSgxOptions {
  /** Default: the stub of its package. */
  readonly find?: (() => Stub) | undefined;
  /** The folders that may hold a copy, and whether users of enclaves may run it. */
  readonly folders: readonly string[];
  readonly passable: boolean;
  /** The isolation of the interpreter. */
  readonly isolation: IsolationPlan;
  /** Writes the outer filter, and gives its path. */
  readonly writeFilter: () => Promise<string>;
  /** The CPUSVN of the machine; undefined when there is none, and the stub is only tried. */
  readonly cpuSvn: Uint8Array | undefined;
}

/**
 * Finds out whether SGX images run here, and prepares it. A platform without them serves other enclaves, so nothing of this is an
 * error.
 */
export async function prepareSgx(options: PrepareSgxOptions): Promise<SgxServices> {
  let stub: StubFacts | undefined;
  try {
    requireMachine();
    const found = (options.find ?? findStub)();
    const { sha256, securityVersion, compiler } = found;
    stub = Object.freeze({ sha256: fromHex(sha256), securityVersion, compiler });
    if (options.cpuSvn !== undefined) requireStated(securityVersion, options.cpuSvn);
    const program = await copyStub(found, options);
    const isolation = stubPlan(options.isolation, { path: program.path, filterPath: await options.writeFilter() });
    return Object.freeze({ stub, execution: Object.freeze({ program, isolation }) });
  } catch (error) {
    const obstacle = error instanceof Error ? error.message : String(error);
    return Object.freeze({ stub, execution: Object.freeze({ obstacle: lastText(obstacle, maxObstacleBytes) }) });
  }
}

/** The most that the protocol carries. */
const maxObstacleBytes = 1024;

/** @throws SGX_EXECUTION_UNAVAILABLE */
export function requireExecution({ execution }: SgxServices): SgxExecution {
  if ('obstacle' in execution) throw unavailable(execution.obstacle);
  return execution;
}

/** AT_HWCAP2 of getauxval(3), and its bit for FSGSBASE (asm/hwcap2.h). */
const hwcap2 = 26n;
const fsgsbase = 2n;

/**
 * What the machine must have, whatever is installed.
 * @param auxiliary the auxiliary vector of a process: pairs of u64. Default: that of this process.
 * @throws SGX_EXECUTION_UNAVAILABLE
 */
export function requireMachine(
  { platform, arch }: Pick<NodeJS.Process, 'platform' | 'arch'> = process,
  auxiliary: () => Uint8Array = () => readFileSync('/proc/self/auxv'),
): void {
  if (platform !== 'linux' || arch !== 'x64') {
    throw unavailable(`SGX images run on Linux on x86-64; this is ${platform}-${arch}.`);
  }
  const bytes = auxiliary();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const hasBit = (view.getBigUint64(at + 8, true) & fsgsbase) !== 0n;
    if (view.getBigUint64(at, true) === hwcap2 && hasBit) return;
  }
  throw unavailable('The processor or the kernel does not let programs set FS and GS (FSGSBASE, Linux 5.9 or later).');
}

/** Byte 1 of CPUSVN is the security version of the stub: evidence must not say another one than that which runs. */
const stubComponent = 1;

function requireStated(securityVersion: number, cpuSvn: Uint8Array): void {
  const stated = cpuSvn[stubComponent] ?? 0;
  if (stated === securityVersion) return;
  const version = `The program that runs SGX images has security version ${securityVersion}, and byte 1 of the CPUSVN says ${stated}.`;
  if (stated > securityVersion) throw unavailable(`${version} Install the version of Enclos that has it.`);
  const raised = toHex(cpuSvn.with(stubComponent, securityVersion));
  throw unavailable(
    `${version} Let the vendor publish it (enclos platform publish-tcb ${raised.slice(0, 30)}), then raise the CPUSVN ` +
      `(enclos platform set-cpusvn ${raised}) and enrol the machine again (enclos platform enrol).`,
  );
}

const fileErrors: FileErrors = {
  missing: (path, cause) => new EnclosError('SGX_STUB_MISMATCH', `${path} is gone.`, { cause }),
  mismatch: (path, details) =>
    new EnclosError('SGX_STUB_MISMATCH', `${path} is not the program that runs SGX images.`, { details }),
};

async function copyStub({ path: from, sha256 }: Stub, options: PrepareSgxOptions): Promise<VerifiedFile> {
  const copy = await copyProgram({
    folders: options.folders,
    passable: options.passable,
    from,
    name: `sgx-stub-${sha256.slice(0, 32)}`,
    verify: (path) => verifyFile(path, fromHex(sha256), fileErrors),
    missing: (cause) => fileErrors.missing(from, cause),
  });
  if ('program' in copy) return copy.program;
  throw unavailable(`The program that runs SGX images cannot be copied. ${copy.reasons.join('; ')}.`);
}

function unavailable(reason: string): EnclosError {
  return new EnclosError('SGX_EXECUTION_UNAVAILABLE', reason);
}
