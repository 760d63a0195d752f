import { ApplicationError } from '@enclos/enclave';

/** The latest version of each secret that this enclave has seen. */
export interface Versions {
  /** Runs a step after all earlier ones: two steps cannot replace the same version, and none can read in between. */
  inTurn<T>(step: () => Promise<T>): Promise<T>;
  /** Records the version that the host handed out or stored; 0 for none. @throws when this enclave has seen a later one. */
  saw(name: string, version: number): void;
  /** @throws when the vault is full and this secret is not in it. */
  requireRoom(name: string): void;
}

/**
 * The host keeps the sealed secrets, so it can hand out an earlier one again.
 * This memory refuses that for as long as the enclave lives. It is lost on a restart: readers that care should compare the
 * version that they get.
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
