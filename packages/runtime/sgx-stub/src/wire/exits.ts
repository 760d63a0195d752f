/** Exit codes of the stub. Any other end is a signal: a fault that the enclave caused, or a system call outside its filter. */
export const StubExit = Object.freeze({
  BOOT_REFUSED: 64,
  NO_MEMORY: 65,
  NO_FSGSBASE: 66,
  NO_HOLE: 67,
  NO_FILTER: 68,
  PLATFORM_BROKEN: 69,
  FAULT: 70,
  GATE_BROKEN: 71,
} as const);

const reasons: ReadonlyMap<number, string> = new Map([
  [StubExit.BOOT_REFUSED, 'The stub refused the pages that the platform sent.'],
  [StubExit.NO_MEMORY, 'There was no memory for the range of the enclave or for its arena.'],
  [StubExit.NO_FSGSBASE, 'The processor or the kernel lacks FSGSBASE, which enclaves with threads need.'],
  [StubExit.NO_HOLE, 'The range of the enclave has no free place that is large enough for the memory of the stub.'],
  [StubExit.NO_FILTER, 'The stub could not set its filter of system calls.'],
  [StubExit.PLATFORM_BROKEN, 'The connection of the stub to the platform broke.'],
  [StubExit.FAULT, 'The stub itself faulted, which a hostile enclave can cause.'],
  [StubExit.GATE_BROKEN, 'The host closed a gate, or sent a request that is longer than the arena.'],
]);

/**
 * Why a stub ended, as a sentence for people; undefined for a code that is not the stub's.
 *
 * @param code the exit code of its process
 */
export function stubExitReason(code: number): string | undefined {
  return reasons.get(code);
}
