import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { IsolationWay } from '@enclos/isolation';
import { saidBy } from '@enclos/testkit';
import { descendants } from '../processes/processes.ts';
import { makeVendor } from '../machines.ts';
import { createWorkshop, type SignedImage, type Workshop } from '../workshop.ts';

const repository = fileURLToPath(new URL('../../../../..', import.meta.url));
const bin = join(repository, 'packages/cli/bin/enclos.js');
const hostProgram = fileURLToPath(new URL('./separated-host.js', import.meta.url));
const platformProgram = fileURLToPath(new URL('./separated-platform.js', import.meta.url));

/** Users that nothing has: far above those of people, and others for each process of tests. */
const firstUser = 1_000_000 + (process.pid % 100_000) * 100;
export const hostUsers = [firstUser, firstUser + 1] as const;
export const strangerUser = firstUser + 2;
/** Two for each host. */
export const enclaveUsers = { first: firstUser + 10, last: firstUser + 13 };

/** Why separated mode cannot be tried here; false when it can. */
export function separationSkipped(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  // CHOWN, KILL, SETGID, SETUID and SETPCAP for the platform; SYS_PTRACE and SYS_ADMIN, as root shows that the attacks work.
  const capabilities = BigInt(`0x${/^CapEff:\s+(\S+)$/m.exec(statusOf(process.pid))?.[1] ?? '0'}`);
  const wanted = [0n, 5n, 6n, 7n, 8n, 19n, 21n];
  if (wanted.some((bit) => ((capabilities >> bit) & 1n) === 0n)) return 'needs root with all its capabilities';
  const switched = spawnSync('setpriv', ['--reuid', '1000000', '--regid', '1000000', '--clear-groups', 'true']);
  if (switched.status !== 0) return 'needs setpriv, and the capabilities SETUID and SETGID';
  for (const start of [repository, tmpdir(), process.execPath]) {
    for (let at = start; ; at = dirname(at)) {
      const { uid, mode } = statSync(at);
      if (uid !== 0 || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) return `users other than root can change ${at}`;
      if (start === tmpdir() && (mode & 0o001) === 0) return `no other user can pass through ${at}`;
      if (at === '/') break;
    }
  }
  return false;
}

/** A host of another user, which does what it is told. */
export interface SeparatedHost {
  readonly user: number;
  readonly processId: number;
  /** What came of it, or the code that it was refused with. */
  attempt(what: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** The same, for what has to go well. */
  does(what: string, ...args: readonly (string | number)[]): Promise<unknown>;
  end(): Promise<void>;
}

export interface SeparatedPlatform {
  readonly processId: number;
  readonly runtimeFolder: string;
  /** Where this host user connects. */
  socketOf(user: number): string;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** One of the processes that run as a user of an enclave. */
export interface EnclaveProcessFacts {
  readonly processId: number;
  readonly user: number;
}

export interface SeparatedSite {
  readonly folder: string;
  readonly workshop: Workshop;
  readonly signed: SignedImage;
  readonly state: string;
  readonly cache: string;
  enclos(...argv: readonly string[]): { readonly code: number | null; readonly text: string };
  serveWords(changes?: readonly string[]): readonly string[];
  serve(): Promise<SeparatedPlatform>;
  host(user: number): Promise<SeparatedHost>;
  close(): Promise<void>;
}

/**
 * @param way how its platform starts enclaves; absent: as the command decides on this machine.
 * @param below a name for a folder between the temporary one and everything else.
 */
export async function createSeparatedSite(way?: IsolationWay, below = ''): Promise<SeparatedSite> {
  const base = mkdtempSync(join(tmpdir(), 'enclos-sep-'));
  const folder = join(base, below);
  mkdirSync(folder, { recursive: true });
  for (const path of [base, folder]) chmodSync(path, 0o711);
  const workshop = createWorkshop();
  const signed = await workshop.signed('probe');
  writeFileSync(join(folder, 'probe.sgxs'), signed.image);
  writeFileSync(join(folder, 'probe.sig'), signed.signature);
  const [state, runtimeFolder, cache] = ['state', 'run', 'cache'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const running = new Set<ChildProcess>();
  const started = (child: ChildProcess): ChildProcess => {
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  };
  await makeVendor(state);
  const serveWords = (changes: readonly string[] = []): readonly string[] => [
    'platform',
    'serve',
    '--separated',
    '--state',
    state,
    '--listen',
    '127.0.0.1:0',
    '--runtime',
    runtimeFolder,
    '--cache',
    cache,
    ...(changes.includes('--host-user') ? [] : ['--host-user', hostUsers.join(',')]),
    ...(changes.includes('--enclave-users') ? [] : ['--enclave-users', `${enclaveUsers.first}-${enclaveUsers.last}`]),
    ...changes,
  ];
  return Object.freeze({
    folder,
    workshop,
    signed,
    state,
    cache,
    enclos(...argv: readonly string[]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { encoding: 'utf8' });
      return { code: status, text: stdout + stderr };
    },
    serveWords,
    async serve() {
      const { first, last } = enclaveUsers;
      const words =
        way === undefined
          ? [bin, ...serveWords()]
          : [platformProgram, way, state, runtimeFolder, cache, hostUsers.join(','), `${first}`, `${last}`];
      const child = started(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
      await saidBy(child, 'isolation');
      return Object.freeze({
        processId: child.pid ?? 0,
        runtimeFolder,
        socketOf: (user: number) => join(runtimeFolder, `host-${user}.sock`),
        async stop(signal: NodeJS.Signals) {
          const ended = once(child, 'close');
          child.kill(signal);
          await ended;
        },
      });
    },
    async host(user: number) {
      const args = [hostProgram, `${user}`, join(folder, 'probe.sgxs'), join(folder, 'probe.sig')];
      return hostOf(started(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })), user);
    },
    async close() {
      for (const child of running) {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      }
      await workshop.close();
      rmSync(base, { recursive: true, force: true });
    },
  });
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly refused?: string;
}

function hostOf(child: ChildProcess, user: number): SeparatedHost {
  const waiting = new Map<number, (answer: Answer) => void>();
  child.setMaxListeners(0);
  let last = 0;
  if (child.stdout === null) throw new Error('The host has no output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
  });
  const order = (what: string, args: readonly (string | number)[]): Promise<Answer> => {
    const id = ++last;
    child.stdin?.write(`${JSON.stringify({ id, what, args })}\n`);
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`The host ended during ${what}.`));
      if (child.exitCode !== null || child.signalCode !== null) return ended();
      waiting.set(id, resolve);
      child.once('close', ended);
    });
  };
  return Object.freeze({
    user,
    processId: child.pid ?? 0,
    async attempt(what: string, ...args: readonly (string | number)[]) {
      const { result, refused } = await order(what, args);
      return refused ?? result;
    },
    async does(what: string, ...args: readonly (string | number)[]) {
      const { result, refused } = await order(what, args);
      if (refused !== undefined) throw new Error(`${what}: ${refused}`);
      return result;
    },
    async end() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  });
}

/** Those below a platform that run as a user of an enclave. */
export function enclavesOf(platform: SeparatedPlatform): readonly EnclaveProcessFacts[] {
  return descendants(platform.processId)
    .map((processId) => ({ processId, user: userOf(processId) ?? 0 }))
    .filter(({ user }) => user >= enclaveUsers.first && user <= enclaveUsers.last);
}

/** The processes between an enclave and its platform, the nearest to the enclave first. */
export function wrappersOf(platform: SeparatedPlatform, processId: number): readonly number[] {
  const parent = Number(/^PPid:\s+(\d+)/m.exec(statusOf(processId))?.[1] ?? 0);
  return parent === 0 || parent === platform.processId ? [] : [parent, ...wrappersOf(platform, parent)];
}

function userOf(processId: number): number | undefined {
  const found = /^Uid:\s+(\d+)/m.exec(statusOf(processId))?.[1];
  return found === undefined ? undefined : Number(found);
}

/** `/proc/PID/status`; empty when the process is gone. */
export function statusOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** An address that a process has something at. */
export function addressIn(processId: number): string {
  const [start = '0'] = readFileSync(`/proc/${processId}/maps`, 'utf8').split('-');
  return `${BigInt(`0x${start}`)}`;
}

const calls =
  process.arch === 'arm64'
    ? { ptrace: 117, readv: 270, pidfdOpen: 434, pidfdGetfd: 438 }
    : { ptrace: 101, readv: 310, pidfdOpen: 434, pidfdGetfd: 438 };

/** Programs for perl-base, which every Debian has: each prints `done`, or the number of the error. */
export const attacks = Object.freeze({
  /** PTRACE_ATTACH is 16, PTRACE_DETACH 17. */
  ptrace: (processId: number): readonly string[] => [
    '-e',
    `my $r = syscall(${calls.ptrace}, 16, ${processId}, 0, 0); print $r == -1 ? $!+0 : "done";
     if ($r != -1) { waitpid(${processId}, 0); syscall(${calls.ptrace}, 17, ${processId}, 0, 0); }`,
  ],
  /** process_vm_readv of 16 bytes. */
  readMemory: (processId: number, address: string): readonly string[] => [
    '-e',
    `my $b = "\\0" x 16; my $l = pack("PQ", $b, 16); my $r = pack("QQ", ${address}, 16);
     my $n = syscall(${calls.readv}, ${processId}, $l, 1, $r, 1, 0); print $n == 16 ? "done" : $!+0;`,
  ],
  /** A copy of one of its descriptors. */
  takeDescriptor: (processId: number, descriptor: number): readonly string[] => [
    '-e',
    `my $p = syscall(${calls.pidfdOpen}, ${processId}, 0); die $!+0 if $p == -1;
     my $f = syscall(${calls.pidfdGetfd}, $p, ${descriptor}, 0); print $f == -1 ? $!+0 : "done";`,
  ],
});

/** What perl says to one of these as a user. */
export function perlAs(user: number, args: readonly string[]): string {
  return spawnSync('perl', [...args], { uid: user, gid: user, encoding: 'utf8', env: {} }).stdout;
}
