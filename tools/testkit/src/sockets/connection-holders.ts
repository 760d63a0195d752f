import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

export interface ConnectionHolder {
  readonly processId: number;
  readonly user: number;
}

/**
 * The processes that hold the other end of a TCP connection of this machine (proc_pid_net(5), proc_pid_fd(5)). Only root sees
 * those of other users.
 */
export function holdersOfPeer({ localPort = 0, remotePort = 0 }: Socket): readonly ConnectionHolder[] {
  const inode = ['tcp', 'tcp6']
    .flatMap((table) => textOf(`/proc/net/${table}`).split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .find(([, local = '', remote = '']) => portOf(local) === remotePort && portOf(remote) === localPort)?.[9];
  if (inode === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => descriptorsOf(name).includes(`socket:[${inode}]`))
    .map((name) => ({ processId: Number(name), user: userOf(name) }));
}

function userOf(processId: string): number {
  return Number(/^Uid:\s+(\d+)/m.exec(textOf(`/proc/${processId}/status`))?.[1]);
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

/** Empty for a process that has ended meanwhile, or that this one may not look into. */
function descriptorsOf(processId: string): readonly string[] {
  const folder = `/proc/${processId}/fd`;
  try {
    return readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
