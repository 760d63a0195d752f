import { EnclosError } from '@enclos/errors';
import type { IsolationLayer, LaunchedIdentity } from '@enclos/tee';
import type { HostAudit } from '../../platform-audit.ts';
import type { Admission } from '../admission.ts';
import type { HostEnclaves } from '../host-enclaves.ts';
import type { Host } from '../host.ts';
import { pieceMemory } from '../piece-memory.ts';
import type { PlatformServices } from '../services.ts';
import { beginSgxLaunch, type SgxBounds, type SgxInitialisation, type SgxLaunch } from './launch.ts';

/** The launches of SGX images of one host connection. */
export interface HostSgx {
  /** @throws PLATFORM_UPLOAD_REFUSED, PLATFORM_BUSY, and what `beginSgxLaunch` throws */
  create(bounds: SgxBounds): Promise<{ readonly upload: number; readonly gatePath: string }>;
  /**
   * @param piece which no other code has: its memory is used again when the process has taken it
   * @throws PLATFORM_UPLOAD_REFUSED, SGXS_INVALID, SGXS_TOO_LARGE, LAUNCH_PROCESS_ENDED; the launch is then ended
   */
  add(upload: number, piece: Uint8Array): Promise<void>;
  /** @throws what EINIT throws; the launch is then ended */
  initialise(upload: number, request: SgxInitialisation): Promise<StartedSgx>;
  /** Ends all launches that were not initialised. */
  close(): void;
}

export interface StartedSgx {
  readonly enclave: bigint;
  readonly identity: LaunchedIdentity;
  readonly isolation: readonly IsolationLayer[];
}

export interface HostSgxOptions {
  readonly services: PlatformServices;
  readonly host: Host;
  readonly admission: Admission;
  readonly enclaves: Pick<HostEnclaves, 'reserve' | 'keep'>;
  readonly audit?: HostAudit | undefined;
  /** How long a launch may stand still. */
  readonly stallTimeoutMs?: number;
}

interface OpenLaunch {
  readonly launch: SgxLaunch;
  readonly timer: NodeJS.Timeout;
  /** Ends its part in what the host may have at once. */
  readonly release: () => void;
}

const maxOpenLaunches = 4;
const defaultStallTimeoutMs = 60_000;

export function createHostSgx(options: HostSgxOptions): HostSgx {
  return new Launches(options);
}

class Launches implements HostSgx {
  readonly #options: HostSgxOptions;
  readonly #open = new Map<number, OpenLaunch>();
  #last = 0;
  #opening = 0;
  #isClosed = false;

  constructor(options: HostSgxOptions) {
    this.#options = options;
  }

  async create(bounds: SgxBounds): Promise<{ readonly upload: number; readonly gatePath: string }> {
    if (this.#open.size + this.#opening >= maxOpenLaunches) {
      throw refused(`More than ${maxOpenLaunches} launches are open.`);
    }
    const { services, host, enclaves, admission, stallTimeoutMs = defaultStallTimeoutMs } = this.#options;
    const release = reserve(enclaves, admission, bounds);
    this.#opening += 1;
    try {
      const launch = await beginSgxLaunch(services, host, bounds);
      const id = ++this.#last;
      const timer = setTimeout(() => this.#drop(id), stallTimeoutMs).unref();
      this.#open.set(id, { launch, timer, release });
      // The host may have gone while the socket was made.
      if (this.#isClosed) this.#drop(id);
      return { upload: id, gatePath: launch.gatePath };
    } catch (error) {
      release();
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  async add(id: number, piece: Uint8Array): Promise<void> {
    const { launch, timer } = this.#find(id);
    const { admission } = this.#options;
    await this.#orDrop(id, () => counted(admission, piece, () => launch.add(piece, admission.memory)));
    // The process has taken it.
    pieceMemory.giveBack(piece);
    timer.refresh();
  }

  async initialise(id: number, request: SgxInitialisation): Promise<StartedSgx> {
    const { services, audit: hostAudit, enclaves } = this.#options;
    const { launch } = this.#find(id);
    const audit = hostAudit?.enclave();
    const about = { ...request, ...launch.bounds, streamBytes: launch.streamBytes, stub: services.sgx.stub };
    return this.#orDrop(id, async () => {
      const identity = await launch.initialise({ ...request, audit }).catch((error: unknown) => {
        audit?.refusedSgx(about, error);
        throw error;
      });
      // No host gets an enclave that is not in the audit log.
      await audit?.launchedSgx(about, identity);
      // Kept before it runs, so that nothing runs that the end of its host does not end.
      const enclave = enclaves.keep({ ...endsOf(launch), audit });
      this.#forget(id);
      launch.start();
      return { enclave, identity, isolation: launch.isolation };
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const id of this.#open.keys()) this.#drop(id);
  }

  #find(id: number): OpenLaunch {
    const found = this.#open.get(id);
    if (found === undefined) throw refused('There is no such launch.');
    return found;
  }

  /** A launch of which one step was refused is over. */
  async #orDrop<T>(id: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#drop(id);
      throw error;
    }
  }

  #drop(id: number): void {
    const launch = this.#open.get(id)?.launch;
    launch?.terminate();
    this.#forget(id, launch?.exited);
  }

  /** @param ended when the memory that it filled is free again. Default: it counts as that of an enclave that runs */
  #forget(id: number, ended: Promise<unknown> = Promise.resolve()): void {
    const found = this.#open.get(id);
    if (found === undefined) return;
    this.#open.delete(id);
    clearTimeout(found.timer);
    found.release();
    void ended.then(() => this.#options.admission.memory.give(found.launch.filledBytes));
  }
}

/** Counts a piece among the image bytes that the platform holds, until its process has it. @throws PLATFORM_BUSY */
async function counted(admission: Admission, { length }: Uint8Array, take: () => Promise<void>): Promise<void> {
  admission.takeBytes(length);
  try {
    await take();
  } finally {
    admission.giveBytes(length);
  }
}

function endsOf(launch: SgxLaunch): Pick<SgxLaunch, 'exited' | 'terminate'> {
  return { exited: launch.exited, terminate: () => launch.terminate() };
}

/** Takes what a launch needs of each. @returns what gives all back @throws PLATFORM_BUSY */
function reserve(enclaves: Pick<HostEnclaves, 'reserve'>, admission: Admission, { threads }: SgxBounds): () => void {
  const taken: (() => void)[] = [];
  const release = (): void => {
    for (const end of taken.splice(0)) end();
  };
  try {
    taken.push(enclaves.reserve());
    taken.push(admission.takeGates(threads));
    taken.push(admission.beginLaunch(0));
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
