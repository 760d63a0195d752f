import { randomInt } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { Launcher } from '@enclos/tee';
import { sleeper } from '../../enclaves/sleeper/sleeper.edl.ts';
import { descendants } from './processes.ts';
import { createWorkshop, type SignedImage, type Workshop } from '../workshop.ts';

export type Moment = 'wait' | 'ask' | 'spin' | 'seal' | 'start';

/** A sleeper, and what it says that it is doing. */
export interface WatchedSleeper {
  readonly enclave: Enclave<(typeof sleeper)['trusted']>;
  /** Starts what has no answer, and resolves when the enclave is in the middle of it. */
  begin(moment: Exclude<Moment, 'start'>): Promise<Begun>;
}

/** What was begun. In an object, since a promise of a promise is one promise. */
export interface Begun {
  readonly pending: Promise<unknown>;
}

interface LoadOptions {
  /** Another build of the sleeper. */
  readonly signed?: SignedImage;
}

export interface Lab {
  readonly workshop: Workshop;
  readonly signed: SignedImage;
  /** In the command line of every process of this lab's enclaves, and of no other. */
  readonly marker: string;
  /** Where the platforms of this lab have their runtime folders. */
  readonly temporaryFolder: string;
  runtimeFolders(): readonly string[];
  load(launcher: Launcher, options?: LoadOptions): Promise<WatchedSleeper>;
  /** Loads a sleeper that never finishes its start, and resolves when it is in the middle of it. */
  loadForever(launcher: Launcher, how: 'hang' | 'spin'): Promise<Begun>;
  close(): Promise<void>;
}

export const secret = 'the secret that stays nowhere';

export async function createLab(): Promise<Lab> {
  const workshop = createWorkshop();
  const temporaryFolder = workshop.subfolder('t');
  // Platforms are children of this process and make their runtime folders there.
  process.env['TMPDIR'] = temporaryFolder;
  const heapMiB = randomInt(40, 250);
  const variant = { heapSizeBytes: heapMiB * 1024 * 1024 };
  const signed = await workshop.signed('sleeper', variant);

  const start = (launcher: Launcher, doing: EventEmitter, options: LoadOptions & { readonly start?: string }) =>
    loadEnclave({
      ...(options.signed ?? signed),
      launcher,
      interface: sleeper,
      isolation: 'best',
      ...(options.start === undefined ? {} : { environment: { START: options.start } }),
      untrusted: {
        doing: ({ what }) => void doing.emit(what),
        answer: () => {
          doing.emit('ask');
          return new Promise<string>(() => undefined);
        },
        store: () => void doing.emit('seal'),
      },
    });

  return Object.freeze({
    workshop,
    signed,
    marker: `--max-old-space-size=${heapMiB}\0`,
    temporaryFolder,
    runtimeFolders: () => readdirSync(temporaryFolder).map((name) => join(temporaryFolder, name)),
    async load(launcher: Launcher, options: LoadOptions = {}) {
      const doing = new EventEmitter();
      const enclave = await start(launcher, doing, options);
      const calls = {
        wait: () => enclave.call.wait(),
        ask: () => enclave.call.ask(),
        spin: () => enclave.call.spin(),
        seal: () => enclave.call.sealForever({ secret: new TextEncoder().encode(secret) }),
      };
      return {
        enclave,
        async begin(moment: keyof typeof calls) {
          const begun = once(doing, moment);
          return settling(begun, calls[moment]());
        },
      };
    },
    async loadForever(launcher: Launcher, how: 'hang' | 'spin') {
      const doing = new EventEmitter();
      const begun = once(doing, 'start');
      return settling(begun, start(launcher, doing, { start: how }));
    },
    close: () => workshop.close(),
  });
}

/** A failure before the beginning is a failure. */
async function settling(begun: Promise<unknown>, pending: Promise<unknown>): Promise<Begun> {
  await Promise.race([begun, pending]);
  pending.catch(() => undefined);
  return { pending };
}

/** The processes of a platform's enclaves, wrappers first. */
export function enclaveProcesses(platform: EmbeddedPlatform): readonly number[] {
  return descendants(platform.processId);
}
