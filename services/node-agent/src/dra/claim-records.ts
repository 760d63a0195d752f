import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { integer, JsonRecord, parseJson, string } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { durable, readBoundedFile } from '@enclos/durable';
import type { AllocatedClaim } from './claim.ts';
import { maxDraDevices } from './driver.ts';

/** The claims that are prepared, in files that outlive the agent: the kubelet does not name them again after a restart. */
export interface ClaimRecords {
  /** What cannot be read is left out: the kubelet has it prepared again, or unprepared. */
  all(): Promise<readonly AllocatedClaim[]>;
  add(claim: AllocatedClaim): Promise<void>;
  remove(uid: string): Promise<void>;
}

const fileName = /^([A-Za-z0-9][-A-Za-z0-9]{0,63})\.json$/;
/** One claim has one device at least, and each device is in one claim at most. */
const maxFiles = maxDraDevices;
const maxLength = 16_384;

/** @param folder made when absent, root's alone */
export function openClaimRecords(folder: string): ClaimRecords {
  const pathOf = (uid: string): string => join(folder, `${uid}.json`);
  return Object.freeze({
    async all() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => fileName.test(name)).sort();
      const found = await Promise.all(names.slice(0, maxFiles).map((name) => read(join(folder, name))));
      return found.filter((claim, i) => claim !== undefined && `${claim.uid}.json` === names[i]) as AllocatedClaim[];
    },
    add: (claim: AllocatedClaim) =>
      durable.replace(pathOf(claim.uid), `${JSON.stringify(claim)}\n`, { mode: 0o600, folderMode: 0o700 }),
    remove: (uid: string) => rm(pathOf(uid), { force: true }),
  });
}

async function read(path: string): Promise<AllocatedClaim | undefined> {
  try {
    const file = await readBoundedFile(path, maxLength);
    if ('unfit' in file) return undefined;
    const record = new JsonRecord(parseJson(decodeUtf8(file.bytes), maxLength), 'claim');
    const devices = record.records('devices', 1, maxDraDevices).map((device) => ({
      request: device.required('request', string(253)),
      device: device.required('device', integer(0, maxDraDevices - 1)),
    }));
    return {
      namespace: record.required('namespace', string(63)),
      name: record.required('name', string(253)),
      uid: record.required('uid', string(64)),
      devices,
    };
  } catch {
    return undefined;
  }
}
