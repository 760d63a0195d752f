import { readFileSync } from 'node:fs';
import { startProgram } from '../programs.ts';

/**
 * A machine in this one: it has its own network, processes and mounts. What runs on it takes no port of others, and all of it is gone when it ends,
 * also when the test is killed.
 */
export interface PrivateMachine {
  /** Words that start a program there, in a folder. */
  words(folder: string): readonly string[];
  close(): Promise<void>;
}

/**
 * The machine ends with its standard input. On kernels with hybrid cgroups podman works only where it does not see the
 * unified hierarchy; elsewhere this does no harm.
 */
const script = `set -e
umount /sys/fs/cgroup/unified 2>/dev/null || true
ip link set lo up
while [ $# -gt 0 ]; do mkdir -p "$1"; mount --bind "$2" "$1"; shift 2; done
echo ready
exec cat`;

/**
 * Needs root, util-linux and iproute2.
 * @param mounts folders by the place at which the machine sees them too. Absolute.
 */
export async function startPrivateMachine(mounts: Readonly<Record<string, string>> = {}): Promise<PrivateMachine> {
  const apart = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const holder = startProgram([...apart, 'sh', '-c', script, 'sh', ...Object.entries(mounts).flat()], { cwd: '/' });
  await holder.until(/^ready$/m);
  const { pid = 0 } = holder.child;
  const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Object.freeze({
    words: (folder: string) => ['nsenter', '--target', first, '--mount', '--net', '--pid', `--wdns=${folder}`],
    async close() {
      holder.child.stdin?.end();
      await holder.ended;
    },
  });
}
