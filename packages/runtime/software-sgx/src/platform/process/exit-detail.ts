import { constants } from 'node:os';
import { loaderExitCodes } from '@enclos/loader';
import type { EnclaveExit } from '@enclos/tee';

/** The most that the protocol carries, in bytes of UTF-8. */
export const maxDetailBytes = 8192;

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The text that a debug enclave wrote to standard error. */
  readonly output: string;
  readonly heapSizeBytes: bigint;
}

/** Says in words why an enclave process ended. */
export function describeExit(end: ProcessEnd): EnclaveExit {
  return exitWith(end, reason(end));
}

/** The end of a process, with a reason and the end of what it wrote. */
export function exitWith({ code, signal, output }: Omit<ProcessEnd, 'heapSizeBytes'>, why: string): EnclaveExit {
  const text = output.trim();
  return {
    exitCode: code ?? undefined,
    signal: signal ?? undefined,
    // The end of the output says most: an error comes after the line of code that it points at.
    detail: text === '' ? why : `${why}\n${lastText(text, maxDetailBytes - Buffer.byteLength(why) - 1)}`,
  };
}

/**
 * The longest end of a text that has a UTF-8 form of at most so many bytes. The text comes from the enclave: half a character,
 * which no message can carry, becomes U+FFFD.
 */
export function lastText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let at = Math.max(0, bytes.length - maxBytes);
  // Not in the middle of a character (RFC 3629, section 3).
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return bytes.toString('utf8', at);
}

/** Said of production enclaves too, so it is the same for every error. */
const notStarted =
  'Its code failed before it was ready: a module threw, or used a name that does not exist inside, or its start function failed.';
const passageBroken = 'The enclave ended because its host broke the rules of the passage.';
/** How Node ends after an exception or a rejected promise that nothing handles. */
const uncaught = 1;

/** A wrapper reports its child's signal as an exit code above this. */
const fromWrapper = 128;
const aborts = [
  ['SIGILL', 4],
  ['SIGTRAP', 5],
  ['SIGABRT', 6],
  ['SIGSEGV', 11],
] as const;

/** Unlike `unshare`, bubblewrap never ends by the signal itself. */
export function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === fromWrapper + number)?.[0];
}

function reason({ code, signal, heapSizeBytes }: ProcessEnd): string {
  // V8 stops by SIGABRT, SIGTRAP or SIGILL. The first process of a namespace cannot end itself by a signal, so there abort()
  // goes on to an instruction that raises SIGSEGV (abort(3), pid_namespaces(7)).
  const aborted = aborts.some(([name, number]) => signal === name || code === fromWrapper + number);
  if (aborted) {
    const heap = `its heap of ${heapSizeBytes / (1024n * 1024n)} MiB was full ("heapSize" in enclave.json)`;
    return `The enclave ran out of memory: most likely ${heap}.`;
  }
  const ended = signal ?? signalOf(code);
  if (ended !== undefined) return `The enclave was ended by ${ended}.`;
  if (code === loaderExitCodes.hostGone) return 'The enclave ended with its host.';
  if (code === loaderExitCodes.platformGone) return 'The enclave ended because its platform was gone.';
  if (code === loaderExitCodes.startFailed) return notStarted;
  if (code === loaderExitCodes.passageBroken) return passageBroken;
  if (code === uncaught) return 'An error that its code did not catch ended the enclave with code 1.';
  return `The enclave ended with code ${code ?? 'unknown'}.`;
}
