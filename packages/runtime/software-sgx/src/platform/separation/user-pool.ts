import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { runningUsers } from './running-users.ts';
import type { UserRange } from './users.ts';

/** A user that one enclave has to itself. */
export interface EnclaveUser {
  readonly id: number;
  /** When the enclave is gone. A second time changes nothing. */
  giveBack(): void;
}

export interface UserPool {
  /**
   * A user that nobody has and that no process runs as.
   * @throws PLATFORM_USERS_EXHAUSTED
   */
  take(): Promise<EnclaveUser>;
}

/** Hands out the users of a range, the one that rested longest first. */
export function createUserPool(
  range: UserRange,
  running: () => ReturnType<typeof runningUsers> = runningUsers,
): UserPool {
  const free = Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i);
  const takeOne = async (): Promise<EnclaveUser> => {
    // Those that are given back while the processes are looked through were perhaps not seen running.
    const candidates = new Set(free);
    const busy = await running();
    const at = free.findIndex((user) => candidates.has(user) && !busy.has(user));
    const [id] = at === -1 ? [] : free.splice(at, 1);
    if (id === undefined) {
      const { first, last } = range;
      throw new EnclosError('PLATFORM_USERS_EXHAUSTED', `No user from ${first} to ${last} is free for the enclave.`);
    }
    let taken = true;
    const giveBack = (): void => {
      if (taken) free.push(id);
      taken = false;
    };
    return Object.freeze({ id, giveBack });
  };
  const turns = new Turns();
  return Object.freeze({
    // One at a time: no user changes hands while another look through the processes goes on.
    take: () => turns.take(takeOne),
  });
}
