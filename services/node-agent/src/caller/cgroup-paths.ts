/**
 * The cgroups of a process, as /proc/PID/cgroup names them (cgroups(7)): a path for each controller of version 1, and
 * one for version 2, which has no name. In a cgroup namespace a path may begin with `/..`.
 */
export type CgroupPaths = ReadonlyMap<string, string>;

/** The name of version 2 among {@link CgroupPaths}. */
export const unified = '';

/** @returns undefined when no line is of this form, or a cgroup was removed: the kernel appends `(deleted)` then. */
export function parseCgroupPaths(text: string): CgroupPaths | undefined {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (path.endsWith(' (deleted)')) return undefined;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths.size === 0 ? undefined : paths;
}
