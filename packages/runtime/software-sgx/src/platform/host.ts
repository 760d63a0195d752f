import { fileShareBytes, type FileShare } from '@enclos/isolation';
import { createAdmission, hostLimits, type Admission } from './admission.ts';
import type { HostFolder } from './host-folder.ts';
import type { Separation } from './separation/separation.ts';
import { createUserPool, type UserPool } from './separation/user-pool.ts';
import { numberOfHosts, sharesOf } from './separation/users.ts';

/**
 * A party that may connect, and its part of the platform: what one host takes, it does not take from another.
 */
export interface Host {
  /** Undefined in single-user mode, where it is the platform's user, and for a host that is known by its folders. */
  readonly user: number | undefined;
  readonly admission: Admission;
  /** What its companions may fill of the platform's files. */
  readonly fileShare: FileShare;
  /** The users that its enclaves run as; undefined in single-user mode. */
  readonly enclaveUsers: UserPool | undefined;
  /** The folder in which it connected, when it is known by its folders. */
  readonly folder?: HostFolder;
  /** The cgroups that count its enclaves; undefined: those of the platform. */
  readonly cgroups?: readonly string[] | undefined;
}

/** Other platforms of the same user may have files of companions in the same folder, so none makes room for it alone. */
const wholeShare: FileShare = { name: 'single', maxBytes: Infinity };

/** The one host of a platform that is not separated. */
export function singleHost(): Host {
  const admission = createAdmission(hostLimits(1));
  return Object.freeze({ user: undefined, admission, fileShare: wholeShare, enclaveUsers: undefined });
}

export interface SeparatedHosts {
  readonly users: readonly (Host & { readonly user: number })[];
  /** The hosts that are known by their folders. */
  readonly folderHosts: readonly Host[];
}

export function separatedHosts(separation: Separation): SeparatedHosts {
  const { hostUsers } = separation;
  const count = numberOfHosts(separation);
  const limits = hostLimits(count, { maxImageBytes: separation.maxImageBytes });
  const hosts = sharesOf(separation).map((share, i) => ({
    user: undefined,
    admission: createAdmission(limits),
    fileShare: {
      name: i < hostUsers.length ? `user-${hostUsers[i]}` : `folder-${i - hostUsers.length}`,
      maxBytes: fileShareBytes(count),
    },
    enclaveUsers: createUserPool(share),
  }));
  return Object.freeze({
    users: hostUsers.flatMap((user, i) => hosts.slice(i, i + 1).map((host) => Object.freeze({ ...host, user }))),
    folderHosts: hosts.slice(hostUsers.length).map((host) => Object.freeze(host)),
  });
}
