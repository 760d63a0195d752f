import type { EnclaveExit } from '../launcher/launcher.ts';

/** Who waits for which enclave's end. A notice may arrive before anyone waits. Nothing is kept of an end that was told. */
export interface ExitTable {
  /** Asked for while the enclave runs, or once when it has ended: an end is told and forgotten. */
  of(enclave: bigint): Promise<EnclaveExit>;
  settle(enclave: bigint, exit: EnclaveExit): void;
  /** Settles everyone, now and later: the platform is gone. */
  settleAll(exit: EnclaveExit): void;
  /** Enclaves of which something is kept. */
  readonly size: number;
}

interface Waiter {
  readonly promise: Promise<EnclaveExit>;
  readonly resolve: (exit: EnclaveExit) => void;
}

/**
 * Notices that nobody has asked for yet. Those of launches that were cancelled are never asked for, so the oldest make
 * room; the others are asked for as soon as the answer of their launch is read.
 */
const maxEarlyNotices = 1024;

export function createExitTable(): ExitTable {
  const waiters = new Map<bigint, Waiter>();
  const early = new Map<bigint, EnclaveExit>();
  let end: EnclaveExit | undefined;
  const wait = (enclave: bigint): Promise<EnclaveExit> => {
    const known = waiters.get(enclave);
    if (known !== undefined) return known.promise;
    let resolve: Waiter['resolve'] = () => undefined;
    const promise = new Promise<EnclaveExit>((settle) => (resolve = settle));
    waiters.set(enclave, { promise, resolve });
    return promise;
  };
  return Object.freeze({
    of(enclave: bigint) {
      const exit = early.get(enclave) ?? end;
      early.delete(enclave);
      return exit === undefined ? wait(enclave) : Promise.resolve(exit);
    },
    settle(enclave: bigint, exit: EnclaveExit) {
      const waiter = waiters.get(enclave);
      waiters.delete(enclave);
      if (waiter !== undefined) return waiter.resolve(exit);
      // The first notice counts.
      if (early.has(enclave)) return;
      for (const oldest of early.keys()) {
        if (early.size < maxEarlyNotices) break;
        early.delete(oldest);
      }
      early.set(enclave, exit);
    },
    settleAll(exit: EnclaveExit) {
      end = exit;
      for (const { resolve } of waiters.values()) resolve(exit);
      waiters.clear();
    },
    get size() {
      return waiters.size + early.size;
    },
  });
}
