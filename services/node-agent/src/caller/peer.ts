import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { parseCgroupPaths, type CgroupPaths } from './cgroup-paths.ts';

/** The process that connected, as the kernel has it. */
export interface Peer {
  readonly processId: number;
  readonly user: number;
  /** Its cgroups, as the agent's cgroup namespace names them. */
  readonly cgroups: CgroupPaths;
}

/**
 * Asks the kernel for SO_PEERCRED (17) of descriptor 3, and prints process, user, and /proc/PID/cgroup. Where the kernel
 * has SO_PEERPIDFD (77, since Linux 6.5), the process is held by a descriptor while the file is read: a process that
 * has ended, and whose number another one has got, is not taken for that one. SOL_SOCKET is 1.
 */
const script = `
  open(my $socket, '+<&=', 3) or die 'no descriptor';
  my ($pid, $user) = unpack('lLL', getsockopt($socket, 1, 17) // die 'no credentials');
  my $packed = getsockopt($socket, 1, 77);
  my $isAlive = sub {
    return 1 unless defined $packed;
    open(my $info, '<', '/proc/self/fdinfo/' . unpack('l', $packed)) or return 0;
    return grep { /^Pid:\\s+$pid$/ } <$info>;
  };
  die 'no process' unless $pid > 0 && $isAlive->();
  open(my $file, '<', "/proc/$pid/cgroup") or die 'no cgroup';
  my @lines = <$file>;
  die 'gone' unless @lines && $isAlive->();
  print "$pid $user\\n", @lines;
`;

const limitMs = 5000;
const maxAnswerBytes = 65_536;

/**
 * Finds out who connected. Node cannot ask a socket, so a process of perl does, which every Debian has: the agent holds
 * the keys of a platform, and takes no foreign machine code into its address space for one system call.
 *
 * @param connection paused; nothing is read from it.
 * @param perl a parameter, so that tests can play a machine without it.
 * @throws AGENT_CALLER_UNKNOWN
 */
export async function peerOf(connection: Socket, perl = '/usr/bin/perl'): Promise<Peer> {
  const child = spawn(perl, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore', connection], env: {}, cwd: '/' });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let answer = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
    if (answer.length > maxAnswerBytes) child.kill('SIGKILL');
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    const peer = code === 0 ? parsePeer(answer) : undefined;
    if (peer !== undefined) return peer;
  } catch (cause) {
    throw new EnclosError('AGENT_CALLER_UNKNOWN', 'perl could not be started.', { cause });
  } finally {
    clearTimeout(timer);
  }
  throw new EnclosError('AGENT_CALLER_UNKNOWN');
}

/** @returns undefined unless it is an answer of the script, of a process whose cgroups are there. */
export function parsePeer(answer: string): Peer | undefined {
  const [, processId, user] = /^(\d+) (\d+)\n/.exec(answer) ?? [];
  const cgroups = parseCgroupPaths(answer);
  if (processId === undefined || user === undefined || cgroups === undefined) return undefined;
  return Object.freeze({ processId: Number(processId), user: Number(user), cgroups });
}
