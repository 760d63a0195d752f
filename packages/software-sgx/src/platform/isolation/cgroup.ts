import { join } from 'node:path';

/**
 * Writes itself into the cgroup and becomes the next command. `0` is the process that writes (cgroups(7)), and `echo` is
 * a part of the shell, so that is this one.
 */
const script = 'echo 0 > "$0" && exec "$@"';

/**
 * What goes before everything else of an enclave, as root: it is in the cgroup from its first process on, so that none
 * is left outside. An enclave whose cgroup cannot be entered, as of a container that has just ended, does not start.
 * @param folder of a cgroup of version 2; undefined: it stays where the platform is.
 */
export function enterCgroup(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['/bin/sh', '-c', script, join(folder, 'cgroup.procs')];
}
