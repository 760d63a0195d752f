import type { Socket } from 'node:net';
import { join } from 'node:path';
import { every, Turns } from '@enclos/bounded';
import type { Caller, FolderHost } from '@enclos/software-sgx';
import type { ApiClient } from '@enclos/service/cluster';
import type { Log } from '../log.ts';
import type { AgentMetrics } from '../metrics.ts';
import type { DraOptions } from '../options.ts';
import { registrationEvents, type RegistrationEvents } from '../plugin/registration-events.ts';
import { openClaimRecords } from './claim-records.ts';
import { isGone, readClaim } from './claim.ts';
import { loadDraDefinitions } from './definitions.ts';
import { driverName } from './driver.ts';
import { openDriverSockets, type DriverSockets } from './driver-sockets.ts';
import { openPreparedClaims } from './prepared-claims.ts';
import { createSlicePublisher } from './slice.ts';

/** The software devices that claims of pods get, by dynamic resource allocation. */
export interface DraPart {
  /** Serves the claims of an earlier agent again, then the kubelet, and publishes the devices. */
  readonly attach: (hosts: readonly FolderHost[]) => Promise<void>;
  /** @throws AGENT_TOO_SLOW when a claim does not get ready */
  readonly requireProgress: () => void;
  readonly close: () => Promise<void>;
}

export interface DraSurroundings {
  readonly stateFolder: string;
  readonly runtimeFolder: string;
  readonly client: ApiClient;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly caller: (connection: Socket) => Promise<Caller>;
  /** Why the devices do not work; undefined when they do. */
  readonly problem: () => unknown;
  /** Calls the listener when that changes. @returns what ends it */
  readonly watch: (listener: () => void) => () => void;
}

const publishMs = 5000;

/** @throws AGENT_FOLDER_REFUSED */
export async function createDraPart(options: DraOptions, around: DraSurroundings): Promise<DraPart> {
  const { node, devices: count, cdiFolder, kubeletRoot } = options;
  const { client, log, metrics, caller, problem } = around;
  const failed = (what: string, error: unknown): void => log.warn('claim-failed', error, { what });
  const reader = { client, node, count };
  const claims = await openPreparedClaims({
    root: join(around.runtimeFolder, 'claims'),
    records: openClaimRecords(join(around.stateFolder, 'claims')),
    cdiFolder,
    node,
    caller,
    isGone: (claim) => isGone(claim, reader),
    failed,
  });
  const slice = createSlicePublisher({
    client,
    node,
    devices: () => (problem() === undefined ? count : 0),
    now: () => performance.now(),
    failed: (error) => log.warn('slice-failed', error),
    published: (devices) => log.info('slice-published', { driver: driverName, devices }),
  });
  /** One question to the API server at a time. */
  const questions = new Turns();
  let sockets: DriverSockets | undefined;
  let stop: (() => void) | undefined;
  return Object.freeze({
    requireProgress: claims.requireProgress,
    async attach(hosts: readonly FolderHost[]) {
      await claims.attach(hosts);
      sockets = openDriverSockets({
        definitions: loadDraDefinitions(),
        kubeletRoot,
        calls: {
          prepare: async (claim) => claims.prepare(await questions.take(() => readClaim(claim, reader))),
          unprepare: ({ uid }) => claims.unprepare(uid),
          asked(what, outcome, reason) {
            if (what === 'prepare') metrics.allocated(driverName, outcome);
            if (reason !== undefined) log.warn('claim-refused', reason, { what });
          },
        },
        events: eventsOf(around, () => {
          slice.suspect();
          void slice.publish();
        }),
      });
      const publish = (): void => void slice.publish();
      const unwatch = around.watch(publish);
      const stopPublishing = every(publishMs, slice.publish, (error) => failed('slice', error));
      stop = () => {
        unwatch();
        stopPublishing();
      };
      publish();
    },
    async close() {
      stop?.();
      // The slice stays: an agent that starts again soon finds it, and the kubelet removes that of one that does not.
      await sockets?.close();
    },
  });
}

function eventsOf(around: Pick<DraSurroundings, 'log' | 'metrics'>, joined: () => void): RegistrationEvents {
  const events = registrationEvents(driverName, { driver: driverName }, around);
  return {
    ...events,
    registered() {
      events.registered();
      joined();
    },
  };
}
