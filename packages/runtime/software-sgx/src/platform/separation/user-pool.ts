import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { runningUsers } from './running-users.ts';
import type { UserRange } from './users.ts';

/** A user that one enclave has to itself. */
export interface EnclaveUser {
  readonly id: number;
  /** Call it when the enclave is gone. A second call does nothing. */
  giveBack(): void;
}

export interface UserPool {
  /**
   * A user that no enclave has and that no process runs as.
   * @throws PLATFORM_USERS_EXHAUSTED
   */
  take(): Promise<EnclaveUser>;
}

/** Hands out the users of a range, the least recently used first. */
export function createUserPool(
  range: UserRange,
  running: () => ReturnType<typeof runningUsers> = runningUsers,
): UserPool {
  const free = Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i);
  const takeOne = async (): Promise<EnclaveUser> => {
    // A user that is given back during the look at the processes may still have had one then, unseen.
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
    // One at a time, so that no user is handed out while another call is looking at the processes.
    take: () => turns.take(takeOne),
  });
}
