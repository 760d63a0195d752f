import { spawnSync } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { stubCommand, withOpened, writeOuterFilter, type IsolationPlan } from '@enclos/isolation';
import { StubExit } from '@enclos/sgx-stub/wire';
import { prepareSgx, type SgxExecution, type SgxServices, type StubFacts } from './sgx-services.ts';
import { describeStubExit } from './stub-exit.ts';

/** What a machine has for SGX images, as it was tried. */
export interface SgxReport {
  readonly stub: StubFacts | undefined;
  /** Why no image runs here; absent when they do. */
  readonly obstacle?: string;
}

export interface SgxTrialOptions {
  /** For a copy of the stub and its filter: one from which programs run. */
  readonly folder: string;
  /** The user that it runs as, as on a separated platform. */
  readonly user?: number;
  readonly prepare?: (options: Parameters<typeof prepareSgx>[0]) => Promise<SgxServices>;
}

const timeoutMs = 10_000;

/**
 * Starts the stub as the process of an image is started, with a stream that ends at once, and looks whether the stub refuses it: then it
 * runs under these layers. Takes some 20 ms.
 */
export async function trySgx(plan: IsolationPlan, options: SgxTrialOptions): Promise<SgxReport> {
  const { folder, user, prepare = prepareSgx } = options;
  const { stub, execution } = await prepare({
    folders: [folder],
    passable: user !== undefined,
    isolation: plan,
    writeFilter: () => writeOuterFilter(folder),
    cpuSvn: undefined,
  });
  if ('obstacle' in execution) return Object.freeze({ stub, obstacle: execution.obstacle });
  const obstacle = tryStub(execution, user);
  return Object.freeze({ stub, ...(obstacle === undefined ? {} : { obstacle }) });
}

function tryStub({ program, isolation }: SgxExecution, user: number | undefined): string | undefined {
  const needs = { enclaveBytes: 1n << 20n, arenaBytes: 1 << 20, threads: 1, user };
  const [command = '', ...words] = stubCommand(isolation, needs, program.path);
  const { status, signal, error } = withOpened(isolation.inherited, (filter) => {
    // Everything is the null device: a stream that is empty.
    const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', ...filter];
    return spawnSync(command, words, { stdio, env: {}, cwd: '/', timeout: timeoutMs, killSignal: 'SIGKILL' });
  });
  if (status === StubExit.BOOT_REFUSED) return undefined;
  const why =
    error === undefined ? describeStubExit({ code: status, signal, hasStarted: false }).detail : error.message;
  return `A process that is started as SGX images are did not run. ${why}`;
}
