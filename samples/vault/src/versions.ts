import { ApplicationError } from '@enclos/enclave';

/** Which version of each secret this enclave has seen last. */
export interface Versions {
  /** Runs a step when all before it are done: two cannot replace the same version, and none reads between. */
  inTurn<T>(step: () => Promise<T>): Promise<T>;
  /** Notes what the host handed out, or kept; 0 for nothing. @throws when this enclave has seen a later one. */
  saw(name: string, version: number): void;
  /** @throws when the vault is full and this secret is not in it. */
  requireRoom(name: string): void;
}

/**
 * The host keeps the sealed secrets, so it can hand out an earlier one again.
 * This memory refuses that for as long as the enclave lives. It is gone after a
 * restart: a reader to whom it matters compares the version that it is given.
 */
export function createVersions(maxSecrets: number): Versions {
  const latest = new Map<string, number>();
  let lastStep: Promise<unknown> = Promise.resolve();
  const requireRoom = (name: string): void => {
    if (latest.size >= maxSecrets && !latest.has(name)) throw new ApplicationError('The vault is full.');
  };
  return {
    inTurn(step) {
      const done = lastStep.then(step);
      lastStep = done.catch(() => undefined);
      return done;
    },
    saw(name, version) {
      if (version < (latest.get(name) ?? 0)) {
        throw new ApplicationError('The host handed out an earlier version of this secret.');
      }
      if (version === 0) return;
      requireRoom(name);
      latest.set(name, version);
    },
    requireRoom,
  };
}
