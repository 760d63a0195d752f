import type { EnclaveExit } from '../launcher/launcher.ts';

/**
 * The callers that wait for the ends of enclaves. A notice may arrive before any caller waits. An end that was reported is
 * forgotten.
 */
export interface ExitTable {
  /** Ask while the enclave runs, or once after it has ended: an end is reported once and forgotten. */
  of(enclave: bigint): Promise<EnclaveExit>;
  settle(enclave: bigint, exit: EnclaveExit): void;
  /** Settles all callers, now and later: the platform is gone. */
  settleAll(exit: EnclaveExit): void;
  /** The number of enclaves in the table. */
  readonly size: number;
}

interface Waiter {
  readonly promise: Promise<EnclaveExit>;
  readonly resolve: (exit: EnclaveExit) => void;
}

/**
 * The most notices that no caller has asked for yet. Notices of cancelled launches are never asked for, so the oldest make
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
