import type { Socket } from 'node:net';
import { toHex } from '@enclos/codec';
import {
  companionLayers,
  companionPlan,
  CompanionSlot,
  neededLibraries,
  type IsolationPlan,
  type PlacedFiles,
  type SlotEvents,
} from '@enclos/isolation';
import { companionsOf, sortFiles, type CompanionManifest, type OpenImage } from '@enclos/manifest';
import { EnclosError } from '@enclos/errors';
import type { EnclaveExit, IsolationLayer } from '@enclos/tee';
import {
  companionNotices,
  encodeCompanionFrame,
  type CompanionFrame,
  type CompanionNotice,
} from '@enclos/tee/companions';
import { findPassing, type Passage } from '@enclos/tee/passing';
import type { EnclaveAudit } from '../../platform-audit.ts';
import { listenForGate } from '../gate-listener.ts';
import type { Host } from '../host.ts';
import type { PlatformServices } from '../services.ts';
import { spawnCompanion, type CompanionChild } from './companion-process.ts';

type Services = Pick<PlatformServices, 'companions' | 'interpreter' | 'isolation' | 'runtimeFolder'>;

export interface CompanionsRequest {
  readonly image: Pick<OpenImage, 'manifest' | 'files'>;
  readonly host: Pick<Host, 'enclaveUsers' | 'cgroups' | 'fileShare'>;
  readonly debug: boolean;
  readonly audit: EnclaveAudit | undefined;
}

/** The companions of one enclave, before it runs. */
export interface PreparedCompanions {
  /** The layers of each. */
  readonly layers: readonly { readonly name: string; readonly isolation: readonly IsolationLayer[] }[];
  /** Their names, each with the digests of its files. */
  readonly text: string;
  /**
   * Opens the passage through which the enclave gets their channels.
   * @param violated called when the enclave breaks the rules of the passage
   * @throws ENCLAVE_START_FAILED, PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
   */
  open(violated: () => void): Promise<OpenCompanions>;
}

export interface OpenCompanions {
  /** The enclave's end of the passage, unread. */
  readonly socket: Socket;
  /** Ends every process, and starts none. Resolves when they are gone. Idempotent. */
  close(): Promise<void>;
}

/** What every process of one companion has. */
interface MeasuredCompanion {
  readonly manifest: CompanionManifest;
  readonly script: Uint8Array;
  readonly files: PlacedFiles;
  readonly plan: IsolationPlan;
}

const textOf = (frame: CompanionFrame): string => Buffer.from(encodeCompanionFrame(frame)).toString('latin1');
const acceptTimeoutMs = 10_000;
/** A line of the audit log has room for it. */
const maxTextLength = 2000;

/**
 * Finds the files of the companions of an image, and checks them: nothing starts that lacks one.
 * @returns undefined for an image without companions
 * @throws PLATFORM_COMPANIONS_UNAVAILABLE, LAUNCH_FILE_MISSING, LAUNCH_FILE_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function prepareCompanions(
  services: Services,
  request: CompanionsRequest,
): Promise<PreparedCompanions | undefined> {
  const { image, debug } = request;
  const declared = companionsOf(image.manifest);
  if (declared.length === 0) return undefined;
  const { obstacle } = services.companions;
  if (obstacle !== undefined) throw new EnclosError('PLATFORM_COMPANIONS_UNAVAILABLE', obstacle);
  const { scripts } = sortFiles(declared, image.files);
  const companions: MeasuredCompanion[] = [];
  for (const manifest of declared) {
    const files = await services.companions.files.place(manifest.files, request.host.fileShare);
    const opened = [...files.paths, ...neededLibraries(files.paths, services.interpreter.path)];
    const plan = companionPlan(services.isolation, opened);
    // A copy: a view would hold the whole image for as long as the enclave runs.
    companions.push({ manifest, files, plan, script: (scripts.get(manifest.name) ?? new Uint8Array()).slice() });
  }
  const { host, audit } = request;
  return Object.freeze({
    layers: declared.map((manifest) => ({
      name: manifest.name,
      isolation: companionLayers(services.isolation.layers, manifest),
    })),
    text: declared.map(textOfCompanion).join(', ').slice(0, maxTextLength),
    open: (violated: () => void) => openCompanions(services, { companions, host, debug, audit, violated }),
  });
}

function textOfCompanion({ name, files }: CompanionManifest): string {
  return [name, ...files.map(({ path, sha256 }) => `${path}=${toHex(sha256)}`)].join(' ');
}

interface OpenRequest extends Omit<CompanionsRequest, 'image'> {
  readonly companions: readonly MeasuredCompanion[];
  readonly violated: () => void;
}

async function openCompanions(services: Services, request: OpenRequest): Promise<OpenCompanions> {
  const passing = findPassing(textOf);
  if (passing === undefined) throw new EnclosError('PLATFORM_COMPANIONS_UNAVAILABLE');
  const listener = await listenForGate(services.runtimeFolder.path);
  const processes = new CompanionProcesses(services, request);
  const read = companionNotices((notice) => processes.told(notice));
  const events = {
    read(bytes: Uint8Array) {
      try {
        read(bytes);
      } catch {
        request.violated();
      }
    },
    ended: () => void processes.close(),
  };
  try {
    const [passage, socket] = await Promise.all([
      passing.open(listener.path, events),
      listener.accept(acceptTimeoutMs),
    ]);
    processes.passage = passage;
    return Object.freeze({
      socket,
      async close() {
        passage.close();
        await processes.close();
      },
    });
  } catch (error) {
    listener.close();
    void processes.close();
    throw error;
  }
}

/** The processes of the companions that an enclave has opened. */
class CompanionProcesses {
  passage: Passage<CompanionFrame> | undefined;
  readonly #services: Services;
  readonly #request: OpenRequest;
  readonly #slots = new Map<number, readonly CompanionSlot<CompanionChild>[]>();
  readonly #stopsOfFiles: readonly (() => void)[];
  #isClosed = false;

  constructor(services: Services, request: OpenRequest) {
    this.#services = services;
    this.#request = request;
    this.#stopsOfFiles = request.companions.map(({ files }) => files.keep());
  }

  /** @throws GATE_PROTOCOL_VIOLATION for a companion that is not declared, or is open already */
  told(notice: CompanionNotice): void {
    if (this.#isClosed) return;
    const { companion } = notice;
    if (notice.kind === 'end') return this.#slots.get(companion)?.[notice.number]?.end(notice.generation);
    const measured = this.#request.companions[companion];
    if (measured === undefined || this.#slots.has(companion)) {
      throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The enclave opened a companion that it cannot open.');
    }
    const slots = Array.from(
      { length: measured.manifest.processes },
      (_, number) => new CompanionSlot({ companion, number }, this.#eventsOf(measured)),
    );
    this.#slots.set(companion, slots);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stopsOfFiles) stop();
    await Promise.all([...this.#slots.values()].flat().map((slot) => slot.close()));
  }

  #eventsOf(measured: MeasuredCompanion): SlotEvents<CompanionChild> {
    const { name } = measured.manifest;
    const { audit, debug } = this.#request;
    return {
      start: () => this.#start(measured),
      started: async (frame, { channel }) => {
        audit?.companionStarted({ name, ...frame });
        const { passage } = this;
        if (channel === undefined || passage === undefined) throw new EnclosError('ENCLAVE_START_FAILED');
        await new Promise<void>((resolve, reject) => {
          passage.pass(channel, frame, (_frame, error) => (error === undefined ? resolve() : reject(error)));
        });
      },
      ended(frame, exit) {
        audit?.companionEnded({ name, ...frame }, exit);
        if (debug && !isOrdinary(exit)) process.stderr.write(`The companion "${name}" has ended. ${exit.detail}\n`);
      },
      failed: (frame, error) => audit?.companionFailed({ name, ...frame }, error),
    };
  }

  async #start({ manifest, plan, files, script }: MeasuredCompanion): Promise<CompanionChild> {
    const { interpreter } = this.#services;
    const { host, debug } = this.#request;
    const user = await host.enclaveUsers?.take();
    try {
      // Here, and not when the enclave was launched: any amount of time may have passed in between.
      await interpreter.recheck();
      await files.recheck();
      const child = spawnCompanion({
        manifest,
        plan,
        script,
        debug,
        interpreterPath: interpreter.path,
        folder: files.folder,
        user: user?.id,
        cgroups: host.cgroups,
      });
      void child.exited.then(() => user?.giveBack());
      return child;
    } catch (error) {
      user?.giveBack();
      throw error;
    }
  }
}

/** It ended with its enclave, or was ended. */
function isOrdinary({ exitCode, signal }: EnclaveExit): boolean {
  return exitCode === 0 || signal === 'SIGKILL' || exitCode === 137;
}
