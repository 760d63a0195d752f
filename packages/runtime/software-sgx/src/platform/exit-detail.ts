import { constants } from 'node:os';
import type { EnclaveExit } from '@enclos/tee';
import { loaderExitCodes } from './loader/exits.ts';

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
  const detail = [reason(end), end.output.trim()].filter((part) => part !== '').join('\n');
  return {
    exitCode: end.code ?? undefined,
    signal: end.signal ?? undefined,
    detail: cutText(detail, maxDetailBytes),
  };
}

/**
 * The longest start of a text that has a UTF-8 form of at most so many bytes.
 * The text comes from the enclave: it may hold half a character, which no message can carry.
 */
export function cutText(text: string, maxBytes: number): string {
  const bytes = new Uint8Array(Math.min(maxBytes, 3 * text.length));
  // Writes whole characters only.
  const { read } = new TextEncoder().encodeInto(text, bytes);
  // Half a surrogate pair becomes U+FFFD, which is as long in UTF-8.
  return text.slice(0, read).replaceAll(/\p{Cs}/gu, '\uFFFD');
}

/** A wrapper reports its child's signal as an exit code above this. */
const fromWrapper = 128;
const aborts = [
  ['SIGILL', 4],
  ['SIGTRAP', 5],
  ['SIGABRT', 6],
  ['SIGSEGV', 11],
] as const;

/** Unlike `unshare`, bubblewrap never ends by the signal itself. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === fromWrapper + number)?.[0];
}

function reason({ code, signal, heapSizeBytes }: ProcessEnd): string {
  // V8 stops by SIGABRT, SIGTRAP or SIGILL. The first process of a namespace cannot end itself by a signal, so there abort()
  // goes on to an instruction that raises SIGSEGV (abort(3), pid_namespaces(7)).
  const aborted = aborts.some(([name, number]) => signal === name || code === fromWrapper + number);
  if (aborted) return `The enclave aborted: most often its heap of ${heapSizeBytes / (1024n * 1024n)} MiB was full.`;
  const ended = signal ?? signalOf(code);
  if (ended !== undefined) return `The enclave was ended by ${ended}.`;
  if (code === loaderExitCodes.hostGone) return 'The enclave ended with its host.';
  if (code === loaderExitCodes.platformGone) return 'The enclave ended because its platform was gone.';
  if (code === loaderExitCodes.startFailed) return 'The enclave could not start.';
  return `The enclave ended with code ${code ?? 'unknown'}.`;
}
