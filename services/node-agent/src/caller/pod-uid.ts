/**
 * The kubelet names the cgroup of a pod after its UID: `pod` and the UID with cgroupfs, and with systemd the same in a slice, where
 * underscores stand for hyphens. A container may make further cgroups below its own, so the outermost one counts.
 */
const ofPod = /^pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})$/;

/** @param paths of cgroups, relative or from the root. @returns undefined when none of them is that of a pod */
export function podUidOf(paths: Iterable<string>): string | undefined {
  for (const path of paths) {
    for (const part of path.split('/')) {
      const name = part.replace(/\.slice$/, '').replace(/^kubepods(?:-burstable|-besteffort)?-/, '');
      const uid = ofPod.exec(name)?.[1];
      if (uid !== undefined) return uid.replaceAll('_', '-');
    }
  }
  return undefined;
}
