import { stubExitReason } from '@enclos/sgx-stub/wire';
import type { EnclaveExit } from '@enclos/tee';
import { signalOf } from '../process/exit-detail.ts';

/** What raises a signal that the stub does not turn into an exception of the enclave. */
const bySignal: Readonly<Record<string, string>> = {
  SIGSYS: 'The enclave made a system call that its filter does not have, so the kernel ended it (SIGSYS).',
};

/** How the process of an SGX image ended, and what the platform knows beside its status. */
export interface StubEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether code of the enclave could run: from then on it can choose the code that its process exits with. */
  readonly hasStarted: boolean;
  /** Why the platform ended it, one sentence; undefined when it did not, or needs no reason. */
  readonly endedFor?: string | undefined;
}

/**
 * Says in words why the process of an SGX image ended. Nothing that code of the enclave can choose is said as a fact: it shares the process
 * with the stub, and can leave it as the stub does.
 */
export function describeStubExit(end: StubEnd): EnclaveExit {
  return { exitCode: end.code ?? undefined, signal: end.signal ?? undefined, detail: reason(end) };
}

function reason({ code, signal, hasStarted, endedFor }: StubEnd): string {
  const reported = signalOf(code);
  if (endedFor !== undefined && (signal ?? reported) === 'SIGKILL') return endedFor;
  if (signal !== null) return signalReason(signal);
  if (code === null) return 'The enclave ended, and nothing said how.';
  const usual = stubExitReason(code) ?? (reported === undefined ? undefined : signalReason(reported));
  if (!hasStarted) return usual ?? `The process of the enclave ended with code ${code} before the enclave ran.`;
  const chosen = `The process of the enclave ended with code ${code}. Code in the enclave can choose this number`;
  return usual === undefined ? `${chosen}.` : `${chosen}; if it did not, this is why: ${usual}`;
}

function signalReason(signal: string): string {
  return bySignal[signal] ?? `The enclave was ended by ${signal}.`;
}
