import { EnclosError } from '@enclos/errors';
import type { IsolationLayer, LaunchedIdentity } from '@enclos/tee';
import type { HostAudit } from '../../platform-audit.ts';
import type { Admission } from '../admission.ts';
import type { HostEnclaves } from '../host-enclaves.ts';
import type { Host } from '../host.ts';
import type { PlatformServices } from '../services.ts';
import { beginSgxLaunch, type SgxBounds, type SgxInitialisation, type SgxLaunch } from './launch.ts';

/** The launches of SGX images of one host connection. */
export interface HostSgx {
  /** @throws PLATFORM_UPLOAD_REFUSED, PLATFORM_BUSY, and what `beginSgxLaunch` throws */
  create(bounds: SgxBounds): Promise<{ readonly upload: number; readonly gatePath: string }>;
  /** @throws PLATFORM_UPLOAD_REFUSED, SGXS_INVALID, SGXS_TOO_LARGE, ENCLAVE_START_FAILED; the launch is then ended */
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
  const { services, host, admission, enclaves, audit, stallTimeoutMs = defaultStallTimeoutMs } = options;
  const open = new Map<number, OpenLaunch>();
  let last = 0;
  let opening = 0;
  let closed = false;

  const find = (id: number): OpenLaunch => {
    const found = open.get(id);
    if (found === undefined) throw refused('There is no such launch.');
    return found;
  };
  const forget = (id: number): void => {
    const found = open.get(id);
    if (found === undefined) return;
    open.delete(id);
    clearTimeout(found.timer);
    found.release();
  };
  const drop = (id: number): void => {
    open.get(id)?.launch.terminate();
    forget(id);
  };
  const begin = async (bounds: SgxBounds): Promise<{ readonly upload: number; readonly gatePath: string }> => {
    const release = reserve(enclaves, admission);
    try {
      const launch = await beginSgxLaunch(services, host, bounds);
      const id = ++last;
      const timer = setTimeout(() => drop(id), stallTimeoutMs).unref();
      open.set(id, { launch, timer, release });
      // The host may have gone while the socket was made.
      if (closed) drop(id);
      return { upload: id, gatePath: launch.gatePath };
    } catch (error) {
      release();
      throw error;
    }
  };

  return Object.freeze({
    async create(bounds: SgxBounds) {
      if (open.size + opening >= maxOpenLaunches) throw refused(`More than ${maxOpenLaunches} launches are open.`);
      opening += 1;
      try {
        return await begin(bounds);
      } finally {
        opening -= 1;
      }
    },
    async add(id: number, piece: Uint8Array) {
      const { launch, timer } = find(id);
      try {
        await launch.add(piece);
      } catch (error) {
        drop(id);
        throw error;
      }
      timer.refresh();
    },
    async initialise(id: number, request: SgxInitialisation) {
      const { launch } = find(id);
      const enclaveAudit = audit?.enclave();
      const about = { ...request, ...launch.bounds, streamBytes: launch.streamBytes, stub: services.sgx.stub };
      let identity: LaunchedIdentity;
      try {
        identity = await launch.initialise({ ...request, audit: enclaveAudit });
      } catch (error) {
        drop(id);
        enclaveAudit?.refusedSgx(about, error);
        throw error;
      }
      try {
        await enclaveAudit?.launchedSgx(about, identity);
      } catch (error) {
        drop(id);
        throw error;
      }
      // Kept before it runs, so that nothing runs that the end of its host does not end.
      const enclave = enclaves.keep({ ...endsOf(launch), audit: enclaveAudit });
      forget(id);
      launch.start();
      return { enclave, identity, isolation: launch.isolation };
    },
    close() {
      closed = true;
      for (const id of open.keys()) drop(id);
    },
  });
}

function endsOf(launch: SgxLaunch): Pick<SgxLaunch, 'exited' | 'terminate'> {
  return { exited: launch.exited, terminate: () => launch.terminate() };
}

/** @throws PLATFORM_BUSY */
function reserve(enclaves: Pick<HostEnclaves, 'reserve'>, admission: Admission): () => void {
  const giveBack = enclaves.reserve();
  try {
    const end = admission.beginLaunch(0);
    return () => {
      giveBack();
      end();
    };
  } catch (error) {
    giveBack();
    throw error;
  }
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_UPLOAD_REFUSED', reason);
}
