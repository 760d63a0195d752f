import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { parseCgroupPaths, type CgroupPaths } from '../src/caller/cgroup-paths.ts';
import type { ContainerAllocation } from '../src/plugin/messages.ts';
import { agentPod, withRightsOf } from './daemonset.ts';
import { nodeCgroups, type PodCgroup } from './pod-cgroups.ts';
import { startPod, type Pod } from './pod.ts';

const bin = fileURLToPath(new URL('../../bin/enclos-node-agent.js', import.meta.url));
const project = fileURLToPath(new URL('../../test/enclave', import.meta.url));

/** Users that no pod can have (see README), and others for each process of tests. */
const firstUser = 3_000_000_000 + (process.pid % 100_000) * 100;
export const enclaveUsers = { first: firstUser, last: firstUser + 11 };

/** Why an agent and pods cannot be tried here; false when they can. */
export function agentSkipped(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const made = spawnSync('unshare', [
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    'mount',
    '-t',
    'tmpfs',
    'none',
    '/run',
  ]);
  if (made.status !== 0) return 'needs root that can make namespaces and mounts';
  const user = `${enclaveUsers.first}`;
  const switched = spawnSync('setpriv', ['--reuid', user, '--regid', user, '--clear-groups', 'true']);
  return switched.status === 0 ? false : 'needs setpriv, and the capabilities SETUID and SETGID';
}

export interface RunningAgent {
  readonly processId: number;
  /** When its process was started: performance.now(). */
  readonly startedAt: number;
  /** The first line of its log with this event. */
  said(event: string): Promise<Readonly<Record<string, unknown>>>;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

interface PodPlace {
  readonly user?: number | undefined;
  readonly cgroup?: PodCgroup | undefined;
}

/** A node with an agent, and pods on it. */
export interface AgentSite {
  readonly folder: string;
  readonly runtimeFolder: string;
  readonly kubeletFolder: string;
  /** Of the enclave that pods load, in hex. */
  readonly mrEnclave: string;
  /** Starts one with the rights that the DaemonSet gives it, and no others. */
  agent(...more: readonly string[]): RunningAgent;
  /** Starts one with other rights: by the words that stand before its command. */
  agentUnder(before: readonly string[], argv: readonly string[]): RunningAgent;
  /** Of an agent with three software devices, and no hardware. */
  readonly softwareWords: readonly string[];
  /** The same, started by a program before its own, as in a container that lacks something. */
  agentBy(starter: readonly string[], ...more: readonly string[]): RunningAgent;
  pod(allocation: ContainerAllocation, options?: PodPlace): Pod;
  /** Makes the cgroups of a container. */
  cgroup(name: string): PodCgroup;
  close(): Promise<void>;
}

export interface AgentSiteOptions {
  /** Default: `--own-vendor`. */
  readonly vendorWords?: readonly string[];
}

export async function createAgentSite({ vendorWords = ['--own-vendor'] }: AgentSiteOptions = {}): Promise<AgentSite> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  chmodSync(folder, 0o711);
  const { image } = await buildEnclave(await loadProject(project));
  const key = generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 }).privateKey;
  const [imagePath, signaturePath] = [join(folder, 'device.sgxs'), join(folder, 'device.sig')];
  writeFileSync(imagePath, image);
  writeFileSync(signaturePath, signEnclave({ image, key, date: new Date('2026-06-01') }));
  const [runtimeFolder, kubeletFolder] = [join(folder, 'run'), join(folder, 'kubelet')];
  mkdirSync(kubeletFolder);
  const running = new Set<ChildProcess>();
  const pods: Pod[] = [];
  const cgroups: PodCgroup[] = [];
  const softwareWords = [
    ['--state', join(folder, 'state'), ...vendorWords, '--cache', join(folder, 'cache')],
    ['--runtime', runtimeFolder, '--kubelet', kubeletFolder, '--devices', '3', '--no-hardware', '--quote-helper'],
    ['--enclave-users', `${enclaveUsers.first}-${enclaveUsers.last}`],
  ].flat();
  const agentUnder = ([command = '', ...before]: readonly string[], argv: readonly string[]): RunningAgent => {
    const startedAt = performance.now();
    const child = spawn(command, [...before, process.execPath, bin, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child);
    child.once('close', () => running.delete(child));
    return agentOf(child, startedAt);
  };
  const agentBy = (starter: readonly string[], ...more: readonly string[]): RunningAgent => {
    const rights = withRightsOf(agentPod().containers[0].securityContext.capabilities.add);
    return agentUnder([...starter, ...rights], [...softwareWords, ...more]);
  };
  return Object.freeze({
    folder,
    runtimeFolder,
    kubeletFolder,
    mrEnclave: createHash('sha256').update(image).digest('hex'),
    softwareWords,
    agent: (...more: readonly string[]) => agentBy([], ...more),
    agentBy,
    agentUnder,
    pod(allocation: ContainerAllocation, { user = 65_532, cgroup }: PodPlace = {}) {
      const pod = startPod({ allocation, user, imagePath, signaturePath, cgroups: cgroup?.folders });
      pods.push(pod);
      return pod;
    },
    cgroup(name: string) {
      const made = nodeCgroups()?.make(`enclos-test-${process.pid}-${name}`);
      if (made === undefined) throw new Error('No cgroup can be made here.');
      cgroups.push(made);
      return made;
    },
    async close() {
      for (const pod of pods) await pod.end().catch(() => undefined);
      for (const child of running) {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      }
      for (const cgroup of cgroups) await cgroup.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

type Line = Readonly<Record<string, unknown>>;

function agentOf(child: ChildProcess, startedAt: number): RunningAgent {
  const lines: Line[] = [];
  const watchers = new Set<() => void>();
  if (child.stdout === null) throw new Error('The agent has no output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Line);
    for (const look of watchers) look();
  });
  return Object.freeze({
    processId: child.pid ?? 0,
    startedAt,
    said: (event: string) =>
      new Promise<Line>((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line['event'] === event);
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found);
        };
        const ended = (): void => reject(new Error(`It never said ${event}: ${JSON.stringify(lines)}`));
        watchers.add(look);
        look();
        // One that has ended has said all; its lines may still be on their way.
        if (child.stdout?.closed === true) ended();
        child.once('close', ended);
      }),
    async stop(signal: NodeJS.Signals) {
      const ended = once(child, 'close');
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  });
}

export interface EnclaveFacts {
  readonly processId: number;
  readonly user: number;
  readonly cgroups: CgroupPaths;
}

/** The living processes of this site's enclaves: by their users, which nothing else has. */
export function enclaves(): readonly EnclaveFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const status = read(`/proc/${name}/status`);
      const user = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      const isOurs = user >= enclaveUsers.first && user <= enclaveUsers.last && !/^State:\s+[ZX]/m.test(status);
      const cgroups = parseCgroupPaths(read(`/proc/${name}/cgroup`)) ?? new Map<string, string>();
      return isOurs ? [{ processId: Number(name), user, cgroups }] : [];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
