import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { until } from './process-watch.ts';

const reaching = 'socket,connect,bind,listen,sendto,sendmsg,sendmmsg';
const files =
  'open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate';

/** Why strace cannot follow the processes of this machine, for `skip`; it is never skipped in CI. */
export const noStrace: string | false =
  process.env['CI'] === undefined &&
  ((process.getuid?.() !== 0 && 'needs root') ||
    (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0 && 'needs strace (apt-get install strace)'));

/**
 * Follows what a process starts from now on, and writes the calls that reach out or touch files.
 * @param log the file for them
 * @returns what ends it
 */
export async function followStarts(processId: number, log: string): Promise<() => Promise<void>> {
  const trace = `trace=execve,clone,clone3,fork,vfork,${reaching},${files}`;
  const words = ['-f', '-qq', '-s', '4096', '-e', trace, '-o', log, '-p', String(processId)];
  const follower = spawn('strace', words, { stdio: 'ignore' });
  const exited = once(follower, 'exit');
  const tracer = new RegExp(`^TracerPid:\\s+${follower.pid}$`, 'm');
  await until('it is followed', () => tracer.test(readFileSync(`/proc/${processId}/status`, 'utf8')));
  return async () => {
    // It lets go of what it follows.
    follower.kill('SIGINT');
    await exited;
  };
}

/**
 * The calls of a process, and of its threads and children, from the moment that it runs a program.
 * @param isProgram says of the words after `execve(` whether it is that program
 */
export function callsOf(log: string, isProgram: (words: string) => boolean): readonly string[] {
  const followed = new Set<string>();
  const calls: string[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, id = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, words] = /^execve\((.*)/.exec(call) ?? [];
    if (words !== undefined && isProgram(words)) followed.add(id);
    if (!followed.has(id)) continue;
    const [, child] = /^(?:clone3?|v?fork|<\.\.\. (?:clone3?|v?fork) resumed>).*= (\d+)$/.exec(call) ?? [];
    if (child !== undefined) followed.add(child);
    calls.push(call);
  }
  return calls;
}
