import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import type { Caller, FolderHost, Listening } from '@enclos/software-sgx';
import { notThere, TimedTurns } from '../devices/condition.ts';
import { mountPoint } from '../devices/container-view.ts';
import { makePassable, makePrivate } from '../devices/folder-access.ts';
import { cdiDeviceId, claimSpecification, publishClaim, withdrawClaim } from './claim-cdi.ts';
import type { ClaimRecords } from './claim-records.ts';
import type { AllocatedClaim, ClaimDevice } from './claim.ts';
import { deviceName } from './driver.ts';
import type { ClaimReference, PreparedDevice } from './messages.ts';

/** The devices of claims: a folder and a socket for each, and a specification for the container runtime. */
export interface PreparedClaims {
  /**
   * Gets the devices of a claim ready. A claim that is ready already stays as it is.
   * @throws AGENT_CLAIM_REFUSED, AGENT_DEVICE_UNHEALTHY, AGENT_FOLDER_REFUSED
   */
  readonly prepare: (claim: AllocatedClaim) => Promise<readonly PreparedDevice[]>;
  /** Ends what was prepared, and every enclave in it. It does nothing for a claim that is not there. */
  readonly unprepare: (uid: string) => Promise<readonly PreparedDevice[]>;
  /** Serves the claims of an earlier agent again. */
  readonly attach: (hosts: readonly FolderHost[]) => Promise<void>;
  /** @throws AGENT_TOO_SLOW */
  readonly requireProgress: () => void;
}

export interface PreparedClaimsOptions {
  /** Root's alone: `ROOT/UID/DEVICE`. */
  readonly root: string;
  readonly records: ClaimRecords;
  /** Where container runtimes look for specifications. */
  readonly cdiFolder: string;
  /** The pool of this node. */
  readonly node: string;
  readonly caller: (connection: Socket) => Promise<Caller>;
  /** Whether a claim that is prepared may be forgotten. Asked when another one has its device. */
  readonly isGone: (claim: ClaimReference) => Promise<boolean>;
  readonly failed: (what: string, error: unknown) => void;
}

/** How long one claim may be in progress before the devices count as broken. */
const limitMs = 20_000;

/** @throws AGENT_FOLDER_REFUSED */
export async function openPreparedClaims(options: PreparedClaimsOptions): Promise<PreparedClaims> {
  const { root, records, failed, isGone } = options;
  await makePrivate(root);
  const prepared = new Map<string, AllocatedClaim>();
  for (const claim of await records.all()) prepared.set(claim.uid, claim);
  const served = createServed(options);
  const turns = new TimedTurns();

  const remove = async (uid: string): Promise<void> => {
    await served.end(uid);
    await records.remove(uid);
    prepared.delete(uid);
  };
  /** A claim whose object is gone may not have been unprepared: the kubelet that would do it lost its memory. */
  const requireFree = async (claim: AllocatedClaim): Promise<void> => {
    for (const other of prepared.values()) {
      if (other.uid === claim.uid || !shareDevice(other.devices, claim.devices)) continue;
      if (!(await isGone(other))) {
        const message = `A device of the claim is still prepared for ${other.namespace}/${other.name}.`;
        throw new EnclosError('AGENT_CLAIM_REFUSED', message);
      }
      await remove(other.uid);
    }
  };
  return Object.freeze({
    prepare: (claim: AllocatedClaim) =>
      turns.take(async () => {
        const before = prepared.get(claim.uid);
        if (before !== undefined && !sameDevices(before.devices, claim.devices)) {
          throw new EnclosError('AGENT_CLAIM_REFUSED', 'The claim is prepared already, with other devices.');
        }
        await requireFree(claim);
        // First the record: an agent that is killed in between finds the claim, and the kubelet has it unprepared.
        if (before === undefined) await records.add(claim);
        prepared.set(claim.uid, claim);
        try {
          await served.start(claim);
        } catch (error) {
          if (before === undefined) await remove(claim.uid);
          throw error;
        }
        return claim.devices.map((device) => answerFor(claim.uid, device, options.node));
      }),
    unprepare: async (uid: string) => {
      await turns.take(() => remove(uid));
      return [];
    },
    attach: (hosts: readonly FolderHost[]) =>
      turns.take(async () => {
        served.attach(hosts);
        for (const claim of prepared.values()) {
          // One that cannot be served is one pod's trouble.
          await served.start(claim).catch((error: unknown) => failed(claim.uid, error));
        }
      }),
    requireProgress: () => turns.requireProgress(limitMs),
  });
}

interface ClaimFolders {
  attach(hosts: readonly FolderHost[]): void;
  start(claim: AllocatedClaim): Promise<void>;
  end(uid: string): Promise<void>;
}

function createServed({ root, cdiFolder, caller }: PreparedClaimsOptions): ClaimFolders {
  const listening = new Map<string, Listening>();
  let hosts: readonly FolderHost[] | undefined;
  const folderOf = (uid: string, device: number): string => join(root, uid, `${device}`);
  const listen = async (path: string, device: number): Promise<void> => {
    if (listening.has(path)) return;
    const host = hosts?.[device];
    if (host === undefined) throw notThere;
    await makePassable(path);
    listening.set(path, await host.listen({ path, seenAs: mountPoint, caller }));
  };
  return {
    attach: (attached) => void (hosts = attached),
    async start(claim) {
      for (const { device } of claim.devices) await listen(folderOf(claim.uid, device), device);
      const specification = claimSpecification(claim, (device) => folderOf(claim.uid, device));
      await publishClaim(cdiFolder, claim.uid, specification);
    },
    async end(uid) {
      // First the specification, so that no container starts with it.
      await withdrawClaim(cdiFolder, uid);
      const folder = join(root, uid);
      for (const [path, one] of listening) {
        if (!path.startsWith(`${folder}/`)) continue;
        await one.close();
        listening.delete(path);
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answerFor(uid: string, { request, device }: ClaimDevice, node: string): PreparedDevice {
  return {
    request_names: [request],
    pool_name: node,
    device_name: deviceName(device),
    cdi_device_ids: [cdiDeviceId(uid, device)],
  };
}

function sameDevices(one: readonly ClaimDevice[], other: readonly ClaimDevice[]): boolean {
  const isIn = ({ request, device }: ClaimDevice): boolean =>
    other.some((second) => second.request === request && second.device === device);
  return one.length === other.length && one.every(isIn);
}

function shareDevice(one: readonly ClaimDevice[], other: readonly ClaimDevice[]): boolean {
  return one.some(({ device }) => other.some((second) => second.device === device));
}
