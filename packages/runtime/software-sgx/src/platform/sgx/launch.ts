import type { Socket } from 'node:net';
import { Turns } from '@enclos/bounded';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { requireIsolation } from '@enclos/isolation';
import { Attribute, MISCSELECT_EXINFO, PAGE_SIZE } from '@enclos/sgx';
import { encodeBootGo, MAX_ARENA_BYTES, MAX_THREADS } from '@enclos/sgx-stub/wire';
import {
  MAX_SGX_PIECES,
  type EnclaveExit,
  type Isolation,
  type IsolationLayer,
  type LaunchedIdentity,
} from '@enclos/tee';
import { maxEnclaveBytes } from '../../cpu/construction.ts';
import type { LoadedEnclave, StreamLaunch } from '../../cpu/cpu.ts';
import { createStreamIntake, type MeasuredStream } from '../../cpu/measured-image.ts';
import type { Budget } from '../admission.ts';
import type { EnclaveAudit } from '../../platform-audit.ts';
import { listenForGates, type GatesListener } from '../gate-listener.ts';
import { gatePlace } from '../host-folder.ts';
import type { Host } from '../host.ts';
import type { PlatformServices } from '../services.ts';
import { serveLeaves } from './leaf-channel.ts';
import { requireExecution, type SgxExecution } from './sgx-services.ts';
import { spawnStub, type StubProcess } from './stub-process.ts';

/** What a host announces. */
export interface SgxBounds {
  readonly enclaveBytes: bigint;
  readonly threads: number;
  readonly stackBytes: number;
  readonly arenaBytes: number;
  readonly fastExit: boolean;
  readonly isolation: Isolation;
}

/** What it says after the stream. */
export interface SgxInitialisation extends StreamLaunch {
  readonly signature: Uint8Array;
  readonly audit?: EnclaveAudit | undefined;
}

/** One SGX image from its announcement to EREMOVE. The image passes through; nothing of it is held. */
export interface SgxLaunch {
  readonly bounds: SgxBounds;
  readonly gatePath: string;
  readonly isolation: readonly IsolationLayer[];
  readonly streamBytes: number;
  /** Memory that the process has filled, or will with what it was sent. */
  readonly filledBytes: number;
  /** Checks and measures the next piece, and gives it to the process. At most `MAX_SGX_PIECES` at once. @param memory what it fills is taken from this, before it is filled. @throws and is then ended */
  add(piece: Uint8Array, memory: Budget): Promise<void>;
  /** EINIT. Afterwards the process waits for `start`. @throws and is then ended */
  initialise(request: SgxInitialisation): Promise<LaunchedIdentity>;
  /** Lets the process run the enclave. */
  start(): void;
  readonly exited: Promise<EnclaveExit>;
  terminate(): void;
}

const gateTimeoutMs = 10_000;

/**
 * Prepares a launch: the process starts when the host has connected all gates, and waits for its pages.
 * @throws SGX_EXECUTION_UNAVAILABLE, ISOLATION_UNAVAILABLE, PLATFORM_UPLOAD_REFUSED, PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function beginSgxLaunch(services: PlatformServices, host: Host, bounds: SgxBounds): Promise<SgxLaunch> {
  requireBounds(bounds);
  const execution = requireExecution(services.sgx);
  requireIsolation(execution.isolation, bounds.isolation);
  const { folder, access, seen } = gatePlace(services, host);
  const gates = await listenForGates(folder, bounds.threads, access);
  return new Launch({ services, host, bounds, execution, gates }, seen(gates.path));
}

/** Before anything of the launch is made. The rules of SECS come with ECREATE. */
function requireBounds({ enclaveBytes, threads, stackBytes, arenaBytes }: SgxBounds): void {
  if (
    enclaveBytes < 2n * BigInt(PAGE_SIZE) ||
    enclaveBytes > maxEnclaveBytes ||
    (enclaveBytes & (enclaveBytes - 1n)) !== 0n
  ) {
    throw refused('The range of an enclave is a power of two from two pages to 64 GiB.');
  }
  if (threads < 1 || threads > MAX_THREADS) throw refused(`An enclave has 1 to ${MAX_THREADS} threads.`);
  if (stackBytes < PAGE_SIZE || stackBytes % PAGE_SIZE !== 0 || arenaBytes % PAGE_SIZE !== 0) {
    throw refused('Stack and arena are whole pages, and the stack at least one.');
  }
  if (arenaBytes > MAX_ARENA_BYTES || arenaBytes < threads * stackBytes) {
    throw refused('The arena holds the stacks of all threads, and has at most 1 GiB.');
  }
}

interface LaunchParts {
  readonly services: PlatformServices;
  readonly host: Host;
  readonly bounds: SgxBounds;
  readonly execution: SgxExecution;
  readonly gates: GatesListener;
}

class Launch implements SgxLaunch {
  readonly bounds: SgxBounds;
  readonly gatePath: string;
  readonly isolation: readonly IsolationLayer[];
  readonly exited: Promise<EnclaveExit>;
  readonly #parts: LaunchParts;
  readonly #intake;
  readonly #running: Promise<StubProcess>;
  readonly #turns = new Turns();
  #process: StubProcess | undefined;
  #enclave: LoadedEnclave | undefined;
  #miscSelect = 0;
  #waiting = 0;
  #streamBytes = 0;
  #filledBytes = 0;
  #isEnded = false;
  /** EINIT was asked for. A later piece would be measured before the process has it, and it may start without. */
  #isWhole = false;

  constructor(parts: LaunchParts, gatePath: string) {
    this.#parts = parts;
    this.bounds = parts.bounds;
    this.gatePath = gatePath;
    this.isolation = parts.execution.isolation.layers;
    this.#intake = createStreamIntake(parts.bounds.enclaveBytes);
    this.#running = this.#spawn();
    this.#running.catch(() => undefined);
    this.exited = this.#exit();
  }

  get streamBytes(): number {
    return this.#streamBytes;
  }

  get filledBytes(): number {
    return this.#filledBytes;
  }

  add(piece: Uint8Array, memory: Budget): Promise<void> {
    return this.#orEnd(async () => {
      if (piece.length === 0 || this.#waiting === MAX_SGX_PIECES) {
        throw refused(`A piece has at least one record, and ${MAX_SGX_PIECES} pieces are sent at once.`);
      }
      if (this.#isWhole) throw refused('A piece came after the request to initialise the enclave.');
      this.#waiting += 1;
      this.#streamBytes += piece.length;
      // Nothing was awaited, so pieces are measured in the order in which they came, also while the process still takes the one before.
      // Both get the bytes that this call alone holds: what is measured is what the process gets.
      this.#intake.push(piece);
      this.#take(memory);
      await this.#turns.take(async () => (await this.#running).send(piece));
      this.#waiting -= 1;
    });
  }

  #take(memory: Budget): void {
    const { filledBytes } = this.#intake;
    memory.take(filledBytes - this.#filledBytes);
    this.#filledBytes = filledBytes;
  }

  initialise({ signature, audit, ...launch }: SgxInitialisation): Promise<LaunchedIdentity> {
    return this.#orEnd(async () => {
      this.#isWhole = true;
      const running = await this.#running;
      // After all pieces, which wait for their turns already.
      const stream = await this.#turns.take(async () => this.#intake.finish());
      requireThreads(stream, this.bounds);
      const { cpu } = this.#parts.services;
      const enclave = cpu.initialise(stream, signature, launch);
      this.#enclave = enclave;
      // It may have ended in the meantime, and then nothing removes the enclave later.
      if (this.#isEnded) this.#remove();
      this.#miscSelect = launch.miscSelect;
      const calls = {
        report: (request: { readonly targetInfo: Uint8Array; readonly reportData: Uint8Array }) =>
          cpu.ereport(enclave, request.targetInfo, request.reportData),
        key: ({ request }: { readonly request: Uint8Array }) => cpu.egetkey(enclave, request),
      };
      serveLeaves(running.channel, audit?.leaves(calls) ?? calls, (why) => running.kill(why));
      return identityOf(enclave);
    });
  }

  start(): void {
    const enclave = this.#enclave;
    if (enclave === undefined || this.#isEnded) return;
    const { bounds } = this;
    this.#process?.start(
      encodeBootGo({
        fastExit: bounds.fastExit,
        exceptionInformation: (this.#miscSelect & MISCSELECT_EXINFO) !== 0,
        threads: bounds.threads,
        stackBytes: BigInt(bounds.stackBytes),
        arenaBytes: BigInt(bounds.arenaBytes),
        attributeFlags: enclave.identity.attributes.flags,
        xfrm: enclave.identity.attributes.xfrm,
      }),
    );
  }

  terminate(): void {
    this.#isEnded = true;
    this.#parts.gates.close();
    this.#process?.kill();
  }

  /** A launch that was refused leaves nothing. */
  async #orEnd<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.terminate();
      // The code of an enclave that ended does not cross to a host, which has none yet.
      if (!isEnclosError(error, 'ENCLAVE_START_FAILED')) throw error;
      throw new EnclosError('LAUNCH_PROCESS_ENDED', error.message, { cause: error });
    }
  }

  async #spawn(): Promise<StubProcess> {
    const { host, bounds, execution, gates: listener } = this.#parts;
    const gates = await listener.accept(gateTimeoutMs);
    try {
      const user = await host.enclaveUsers?.take();
      try {
        // Here, not when the launch began: the host chooses how much time passes in between.
        await execution.program.recheck();
        // It may have been ended between the host's connections and this moment.
        if (this.#isEnded) throw new EnclosError('ENCLAVE_START_FAILED', 'The enclave was ended before it started.');
        const { program, isolation } = execution;
        const who = { user: user?.id, cgroups: host.cgroups };
        const made = spawnStub({ ...bounds, ...who, stubPath: program.path, isolation, gates });
        this.#process = made;
        void made.exited.then(() => user?.giveBack());
        await made.ready;
        return made;
      } catch (error) {
        if (this.#process === undefined) user?.giveBack();
        throw error;
      }
    } catch (error) {
      destroyAll(gates);
      throw error;
    }
  }

  async #exit(): Promise<EnclaveExit> {
    try {
      return await (
        await this.#running
      ).exited;
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'The enclave could not start.';
      return (await this.#process?.exited) ?? { exitCode: undefined, signal: undefined, detail };
    } finally {
      this.#isEnded = true;
      this.#parts.gates.close();
      this.#remove();
    }
  }

  #remove(): void {
    if (this.#enclave !== undefined) this.#parts.services.cpu.eremove(this.#enclave);
  }
}

function destroyAll(gates: readonly Socket[]): void {
  for (const gate of gates) gate.destroy();
}

function requireThreads({ threads: pages }: MeasuredStream, { threads }: SgxBounds): void {
  if (pages >= threads) return;
  throw new EnclosError(
    'LAUNCH_IMAGE_REFUSED',
    `The image has ${pages} TCS pages, fewer than the ${threads} threads.`,
    {
      details: { rule: 'threads' },
    },
  );
}

function identityOf({ identity }: LoadedEnclave): LaunchedIdentity {
  const { mrEnclave, mrSigner, isvProdId, isvSvn, attributes } = identity;
  const debug = (attributes.flags & Attribute.DEBUG) !== 0n;
  return Object.freeze({ mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug });
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
