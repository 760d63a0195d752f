import type { EnclaveAnswer, SgxThread } from '../src/gate/thread.ts';

/** A thread that only waits: entries end when `leave` is called. */
export interface FakeThread extends SgxThread {
  leave(answer: EnclaveAnswer): void;
  fail(error: Error): void;
  readonly isInside: () => boolean;
}

export const plainExit: EnclaveAnswer = Object.freeze({
  kind: 'exit',
  isFinal: true,
  registers: { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n },
  interrupted: 0,
  reads: [],
  pieces: [],
});

export function fakeThread(index: number): FakeThread {
  let settle: { resolve: (answer: EnclaveAnswer) => void; reject: (error: Error) => void } | undefined;
  let inside: Promise<unknown> = Promise.resolve();
  const enter = (): Promise<EnclaveAnswer> => {
    const answer = new Promise<EnclaveAnswer>((resolve, reject) => (settle = { resolve, reject }));
    inside = answer;
    return answer;
  };
  const thread: FakeThread = {
    index,
    tcs: 0x10_0000n + BigInt(index) * 0x1000n,
    stack: { base: 0x1000n, top: 0x2000n },
    enter,
    resume: enter,
    access: async () => {
      await inside;
      return [Uint8Array.of(index)];
    },
    accessLater: async (wanted) => {
      await inside;
      const request = wanted();
      return request === undefined ? undefined : thread.access(request);
    },
    leave(answer) {
      settle?.resolve(answer);
      settle = undefined;
    },
    fail(error) {
      settle?.reject(error);
      settle = undefined;
    },
    isInside: () => settle !== undefined,
  };
  return thread;
}
