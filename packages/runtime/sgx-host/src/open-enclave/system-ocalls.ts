import { OeResult } from '@enclos/edl-calls/host';
import type { ThreadEvents } from '../calls/thread-events.ts';
import type { Cpuid } from '../processor/cpuid.ts';
import { evidenceOcalls, type QuotingService } from './evidence.ts';
import { OcallRefusal } from './ocall-refusal.ts';
import { integerIn, type SystemOcall, textIn } from './system-ocall.ts';

/** What the OCALLs of the SDK itself stand on. */
export interface SystemServices {
  readonly events: ThreadEvents;
  /** Where the enclave's range begins: addresses in its file are counted from there. */
  readonly base: bigint;
  readonly cpuid: Cpuid;
  readonly randomBytes: (bytes: number) => Uint8Array;
  /** The quoting enclave; without it an enclave gets no remote evidence. */
  readonly quoting: QuotingService | undefined;
  /** What the enclave logs. @param level of `oe_log_level_t`: 1 fatal, 2 error, 3 warning, 4 information, 5 verbose */
  readonly log: (level: number, message: string) => void;
  /** What the enclave prints. */
  readonly print: (device: 'stdout' | 'stderr', text: string) => void;
  /** Is told why an OCALL failed for a reason that the enclave does not learn. */
  readonly failed: (error: unknown) => void;
}

/** Leaves that an enclave asks for at its start, in this order (openenclave/internal/cpuid.h). */
const CPUID_LEAVES = [0, 1, 4, 7, 0x8000_0000, 0x8000_0001] as const;
const MAX_ENTROPY_BYTES = 65_536;
/** OE_BACKTRACE_MAX (openenclave/internal/backtrace.h). */
const MAX_FRAMES = 32;

/** OCALLs of the SDK's EDL files that are answered when the user has no handler for them, by name. */
export function systemOcalls(services: SystemServices): ReadonlyMap<string, SystemOcall> {
  const { events, base, cpuid, randomBytes, quoting, log, print, failed } = services;
  const served: Readonly<Record<string, SystemOcall>> = {
    oe_sgx_get_cpuid_table_ocall: (values) => cpuidTable(cpuid, integerIn(values, 'cpuid_table_buffer_size')),
    async oe_sgx_thread_wake_wait_ocall(values) {
      const [waiter, self] = [integerIn(values, 'waiter_tcs'), integerIn(values, 'self_tcs')];
      if (!events.has(waiter) || !events.has(self)) throw new OcallRefusal(OeResult.invalidParameter);
      events.set(waiter);
      await events.wait(self);
      return {};
    },
    oe_log_is_supported_ocall: () => ({}),
    oe_log_ocall(values) {
      log(Number(integerIn(values, 'log_level')), textIn(values, 'message'));
      return {};
    },
    oe_write_ocall(values) {
      const device = integerIn(values, 'device');
      // What the SDK's host does with another device (host/ocalls/write.c).
      if (device !== 0n && device !== 1n) return {};
      print(device === 0n ? 'stdout' : 'stderr', shortened(textIn(values, 'str'), integerIn(values, 'maxlen')));
      return {};
    },
    oe_sgx_get_additional_host_entropy_ocall(values) {
      const size = integerIn(values, 'size');
      if (size === 0n || size > MAX_ENTROPY_BYTES) return { returned: OeResult.invalidParameter };
      return { returned: OeResult.ok, outputs: { data: randomBytes(Number(size)) } };
    },
    // Symbols are in a file that the host does not read.
    oe_sgx_backtrace_symbols_ocall: () => ({ returned: OeResult.unsupported }),
    oe_sgx_log_backtrace_ocall(values) {
      log(Number(integerIn(values, 'level')), backtrace(values['buffer'], base));
      return { returned: OeResult.ok };
    },
    ...evidenceOcalls(quoting, failed),
  };
  return new Map(Object.entries(served));
}

/** Addresses as `addr2line -e FILE` takes them, the innermost first. */
function backtrace(addresses: unknown, base: bigint): string {
  if (!(addresses instanceof BigUint64Array)) throw new OcallRefusal(OeResult.invalidParameter);
  const offsets = [...addresses.subarray(0, MAX_FRAMES)].map(
    (address) => `0x${BigInt.asUintN(64, address - base).toString(16)}`,
  );
  return `Backtrace, as offsets in the file: ${offsets.join(' ')}`;
}

function cpuidTable(cpuid: Cpuid, size: bigint): ReturnType<SystemOcall> {
  const table = new Uint8Array(CPUID_LEAVES.length * 16);
  if (size !== BigInt(table.length)) return { returned: OeResult.invalidParameter };
  const view = new DataView(table.buffer);
  for (const [row, leaf] of CPUID_LEAVES.entries()) {
    for (const [column, register] of cpuid(leaf, 0).entries()) view.setUint32(16 * row + 4 * column, register, true);
  }
  return { returned: OeResult.ok, outputs: { cpuid_table_buffer: table } };
}

/** `maxlen` bounds what is printed. It counts bytes for the SDK, and characters here: only its bound matters. */
function shortened(text: string, maxLength: bigint): string {
  return maxLength < BigInt(text.length) ? text.slice(0, Number(maxLength)) : text;
}

/** Whether a name is one of the SDK's own: all of them have this prefix, in every EDL file of the SDK. */
export function isSystemName(name: string): boolean {
  return name.startsWith('oe_');
}
