import { constants } from 'node:os';
import { stubExitReason } from '@enclos/sgx-stub/wire';
import type { EnclaveExit } from '@enclos/tee';

/** A wrapper reports its child's signal as an exit code above this. */
const fromWrapper = 128;

/** What raises a signal that the stub does not turn into an exception of the enclave. */
const bySignal: Readonly<Record<string, string>> = {
  SIGSYS: 'The enclave made a system call that its filter does not have, so the kernel ended it (SIGSYS).',
};

/** Says in words why the process of an SGX image ended. */
export function describeStubExit(code: number | null, signal: string | null): EnclaveExit {
  return { exitCode: code ?? undefined, signal: signal ?? undefined, detail: reason(code, signal) };
}

function reason(code: number | null, signal: string | null): string {
  const own = code === null ? undefined : stubExitReason(code);
  if (own !== undefined) return own;
  const ended = signal ?? Object.entries(constants.signals).find(([, number]) => code === fromWrapper + number)?.[0];
  if (ended !== undefined) return bySignal[ended] ?? `The enclave was ended by ${ended}.`;
  return code === 0 ? 'The enclave ended.' : `The enclave ended with code ${code ?? 'unknown'}.`;
}
