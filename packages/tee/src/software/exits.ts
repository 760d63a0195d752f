import type { EnclaveExit } from '../launcher/launcher.ts';

/** Who waits for which enclave's end. A notice may arrive before anyone waits. */
export interface ExitTable {
  of(enclave: bigint): Promise<EnclaveExit>;
  settle(enclave: bigint, exit: EnclaveExit): void;
  /** Settles everyone, now and later: the platform is gone. */
  settleAll(exit: EnclaveExit): void;
}

interface Waiter {
  readonly promise: Promise<EnclaveExit>;
  readonly resolve: (exit: EnclaveExit) => void;
}

export function createExitTable(): ExitTable {
  const waiters = new Map<bigint, Waiter>();
  let end: EnclaveExit | undefined;
  const waiter = (enclave: bigint): Waiter => {
    const known = waiters.get(enclave);
    if (known !== undefined) return known;
    let settle: (exit: EnclaveExit) => void = () => undefined;
    const promise = new Promise<EnclaveExit>((resolve) => (settle = resolve));
    const made = { promise, resolve: settle };
    waiters.set(enclave, made);
    if (end !== undefined) made.resolve(end);
    return made;
  };
  return Object.freeze({
    of: (enclave: bigint) => waiter(enclave).promise,
    settle: (enclave: bigint, exit: EnclaveExit) => waiter(enclave).resolve(exit),
    settleAll(exit: EnclaveExit) {
      end = exit;
      for (const { resolve } of waiters.values()) resolve(exit);
    },
  });
}
