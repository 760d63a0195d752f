import { viewOf } from '@enclos/codec';
import type { ArenaMemory, ArenaPatch } from '@enclos/edl-calls/host';
import type { ThreadEvents } from '../calls/thread-events.ts';
import type { Cpuid } from '../processor/cpuid.ts';
import { SgxStatus } from './status.ts';

/** What OCALLs of the SDK itself stand on. */
export interface SystemServices {
  readonly events: ThreadEvents;
  readonly cpuid: Cpuid;
  /** Has a thread of the enclave begin with what the enclave keeps ready for it. @returns an `sgx_status_t` */
  readonly startThread: () => number;
  /** Resolves after that time, or when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The memory of one call: the structure that its generated code made (CodeGen.ml, `gen_func_tproxy`). */
export interface SystemCall {
  readonly memory: ArenaMemory;
  readonly address: bigint;
}

/** An OCALL of the SDK itself. It reads everything before it does anything. */
type SystemOcall = (call: SystemCall, services: SystemServices) => Promise<readonly ArenaPatch[]>;

/** How many threads one call may wake. An enclave has at most 64. */
const MAX_WAKES = 64;
/** What a timer of Node can wait, rounded down. */
const MAX_SECONDS = 2_000_000n;

/**
 * The OCALLs of sgx_tstdc.edl and sgx_pthread.edl, by name: their addresses are those of threads, which no interface of values has. A
 * user's handler of the same name goes first. Switchless calls have none: an enclave whose host never starts them makes plain calls.
 */
export const systemOcalls: ReadonlyMap<string, SystemOcall> = new Map<string, SystemOcall>([
  [
    'sgx_oc_cpuidex',
    async ({ memory, address }, { cpuid }) => {
      const view = viewOf(memory.read(address, 16));
      const target = view.getBigUint64(0, true);
      // The code inside has room for it.
      memory.read(target, 16);
      const answer = new Uint8Array(16);
      for (const [i, value] of cpuid(view.getUint32(8, true), view.getUint32(12, true)).entries()) {
        viewOf(answer).setUint32(4 * i, value, true);
      }
      return [{ address: target, bytes: answer }];
    },
  ],
  [
    'sgx_thread_wait_untrusted_event_ocall',
    async ({ memory, address }, { events }) => {
      const self = viewOf(memory.read(address, 16)).getBigUint64(8, true);
      return [returned(address, await wait(events, self))];
    },
  ],
  [
    'sgx_thread_set_untrusted_event_ocall',
    async ({ memory, address }, { events }) => {
      const waiter = viewOf(memory.read(address, 16)).getBigUint64(8, true);
      return [returned(address, wake(events, waiter))];
    },
  ],
  [
    'sgx_thread_setwait_untrusted_events_ocall',
    async ({ memory, address }, { events }) => {
      const view = viewOf(memory.read(address, 24));
      const woken = wake(events, view.getBigUint64(8, true));
      return [returned(address, woken === SgxStatus.success ? await wait(events, view.getBigUint64(16, true)) : woken)];
    },
  ],
  [
    'sgx_thread_set_multiple_untrusted_events_ocall',
    async ({ memory, address }, { events }) => {
      const view = viewOf(memory.read(address, 24));
      const [waiters, total] = [view.getBigUint64(8, true), view.getBigUint64(16, true)];
      if (total > BigInt(MAX_WAKES)) return [returned(address, SgxStatus.invalidParameter)];
      const threads = viewOf(memory.read(waiters, 8 * Number(total)));
      for (let at = 0; at < threads.byteLength; at += 8) {
        const status = wake(events, threads.getBigUint64(at, true));
        if (status !== SgxStatus.success) return [returned(address, status)];
      }
      return [returned(address, SgxStatus.success)];
    },
  ],
  [
    'pthread_create_ocall',
    async ({ memory, address }, { events, startThread }) => {
      const self = viewOf(memory.read(address, 16)).getBigUint64(8, true);
      return [returned(address, events.has(self) ? startThread() : SgxStatus.invalidParameter)];
    },
  ],
  [
    'pthread_wait_timeout_ocall',
    async ({ memory, address }, { events, sleep }) => {
      const view = viewOf(memory.read(address, 24));
      const [waiter, timeout] = [view.getBigUint64(8, true), view.getBigUint64(16, true)];
      if (!events.has(waiter)) return [returned(address, SgxStatus.deviceBusy)];
      if (timeout === 0n) return [returned(address, await wait(events, waiter))];
      // Seconds. A thread that is not woken in time is told the same (se_event.c).
      const ended = new AbortController();
      const seconds = Number(timeout > MAX_SECONDS ? MAX_SECONDS : timeout);
      try {
        await Promise.race([events.wait(waiter, ended.signal), sleep(seconds * 1000, ended.signal)]);
      } finally {
        ended.abort();
      }
      return [returned(address, SgxStatus.success)];
    },
  ],
  [
    'pthread_wakeup_ocall',
    async ({ memory, address }, { events }) => {
      const waiter = viewOf(memory.read(address, 16)).getBigUint64(8, true);
      wake(events, waiter);
      return [returned(address, SgxStatus.success)];
    },
  ],
]);

async function wait(events: ThreadEvents, thread: bigint): Promise<number> {
  if (!events.has(thread)) return SgxStatus.invalidParameter;
  await events.wait(thread);
  return SgxStatus.success;
}

function wake(events: ThreadEvents, thread: bigint): number {
  if (!events.has(thread)) return SgxStatus.invalidParameter;
  events.set(thread);
  return SgxStatus.success;
}

/** The result is the first field of the structure. */
function returned(address: bigint, status: number): ArenaPatch {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, status, true);
  return { address, bytes };
}
