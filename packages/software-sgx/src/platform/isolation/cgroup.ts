import { join } from 'node:path';

/**
 * Writes itself into the cgroup and becomes the next command. `0` is the process that writes (cgroups(7)). In perl, which
 * the node agent has for another question already: so an image of it needs no shell.
 */
const script = `
  open(my $file, '>', shift) or exit 1;
  print $file 0;
  close($file) or exit 1;
  exec { $ARGV[0] } @ARGV or exit 1;
`;

/**
 * What goes before everything else of an enclave, as root: it is in the cgroup from its first process on, so that none
 * is left outside. An enclave whose cgroup cannot be entered, as of a container that has just ended, does not start.
 * @param folder of a cgroup of version 2; undefined: it stays where the platform is.
 */
export function enterCgroup(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['/usr/bin/perl', '-e', script, join(folder, 'cgroup.procs')];
}
