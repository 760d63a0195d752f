import { createAdmission, hostLimits, type Admission } from './admission.ts';
import type { Separation } from './separation/separation.ts';
import { createUserPool, type UserPool } from './separation/user-pool.ts';
import { sharesOf } from './separation/users.ts';

/**
 * One user who may connect, and the part of the platform that is theirs: what
 * one host takes, it does not take from another.
 */
export interface Host {
  /** Undefined in single-user mode: the user of the platform. */
  readonly user: number | undefined;
  readonly admission: Admission;
  /** Those that its enclaves run as; undefined in single-user mode. */
  readonly enclaveUsers: UserPool | undefined;
}

/** The one host of a platform that is not separated. */
export function singleHost(): Host {
  return Object.freeze({ user: undefined, admission: createAdmission(hostLimits(1)), enclaveUsers: undefined });
}

export function separatedHosts(separation: Separation): readonly (Host & { readonly user: number })[] {
  const limits = hostLimits(separation.hostUsers.length);
  return sharesOf(separation).map((share, i) =>
    Object.freeze({
      user: separation.hostUsers[i] ?? 0,
      admission: createAdmission(limits),
      enclaveUsers: createUserPool(share),
    }),
  );
}
