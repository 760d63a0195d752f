import {
  type ArenaPatch,
  bindInterface,
  type BoundInterface,
  oeCallRecord,
  OeResult,
  type OcallRequest,
  uncheckedNames,
} from '@enclos/edl-calls/host';
import { isEnclosError } from '@enclos/errors';
import type { AbiHost } from '../abi/abi.ts';
import type { NestedCalls } from '../calls/nested.ts';
import type { Access, ExitAnswer } from '../gate/thread.ts';
import type { EnclaveMemory } from './enclave-memory.ts';
import type { Frame, OcallOutcome } from './entries.ts';
import { OcallRefusal } from './ocall-refusal.ts';
import { addressIn, integerIn, type SystemOcall } from './system-ocall.ts';
import { isSystemName, type SystemServices, systemOcalls } from './system-ocalls.ts';
import { HostFunction } from './words.ts';

/** What the desk stands on. */
export interface OcallDeskParts {
  readonly host: AbiHost;
  readonly memory: EnclaveMemory;
  readonly services: SystemServices & { readonly now: () => number };
  /** Makes ECALLs on the thread of an OCALL. */
  readonly callsDuring: (frame: Frame) => NestedCalls;
}

/** Serves the OCALLs of an enclave: those of the gate by number, those of the interface by the index that its EDL file gives them. */
export class OcallDesk {
  readonly #parts: OcallDeskParts;
  readonly #system: ReadonlyMap<string, SystemOcall>;
  readonly #bound: BoundInterface;

  constructor(parts: OcallDeskParts) {
    this.#parts = parts;
    const { host, memory, services } = parts;
    const system = new Map(systemOcalls(services));
    system.set('oe_realloc_ocall', async (values, thread) => {
      const moved = await memory.reallocate(thread, addressIn(values, 'ptr'), integerIn(values, 'size'));
      return { returned: moved === 0n ? null : { address: moved, bytes: 0 } };
    });
    this.#system = system;
    // The SDK's own functions pass addresses that the user has no reason to allow.
    const userCheck = host.model.ocalls.flatMap((ocall) =>
      system.has(ocall.name)
        ? [...uncheckedNames(ocall), ...(ocall.returns.kind === 'pointer' ? [`${ocall.name}.return`] : [])]
        : [],
    );
    this.#bound = bindInterface({ model: host.model, foreign: {}, userCheck });
  }

  /** The interface as the runtime itself uses it. */
  get bound(): BoundInterface {
    return this.#bound;
  }

  readonly serve = async (frame: Frame, called: number, exit: ExitAnswer): Promise<OcallOutcome> => {
    const { memory, services, host } = this.#parts;
    const argument = exit.registers.rsi;
    switch (called) {
      case HostFunction.call:
        return this.#serveInterface(frame, argument, exit);
      case HostFunction.allocate:
        return answered(memory.allocate(argument));
      case HostFunction.free:
        await memory.free(argument);
        return answered();
      case HostFunction.threadWake:
        if (!host.events.has(argument)) return refused(OeResult.invalidParameter);
        host.events.set(argument);
        return answered();
      case HostFunction.threadWait:
        if (!host.events.has(argument)) return refused(OeResult.invalidParameter);
        await host.events.wait(argument);
        return answered();
      case HostFunction.time:
        return answered(BigInt(Math.floor(services.now())));
      default:
        return refused(OeResult.notFound);
    }
  };

  /**
   * A failure goes into the record of the call and not to the gate: after a failure there, the SDK's code inside takes the thread for one
   * that has not begun, and ends at the next exception (enclave/core/sgx/calls.c, `oe_ocall`).
   */
  async #serveInterface(frame: Frame, record: bigint, exit: ExitAnswer): Promise<OcallOutcome> {
    const { host, services } = this.#parts;
    try {
      const memory = host.arena.snapshot(exit.pieces);
      const access: Access = (request) => frame.thread.access(request);
      const writes = await memory.decode(access, async () => {
        const view = new DataView(memory.read(record, oeCallRecord.bytes).buffer);
        return this.#dispatch(frame, view.getBigUint64(oeCallRecord.index, true), { memory, address: record });
      });
      return { result: OeResult.ok, value: 0n, writes };
    } catch (error) {
      if (isEnclosError(error) && error.kind === 'lost') throw error;
      if (!host.arena.has(record, oeCallRecord.bytes)) return refused(OeResult.invalidParameter);
      const outcome = { result: OeResult.ok, value: 0n, writes: [failureRecord(record, resultOf(error))] };
      if (error instanceof OcallRefusal) return outcome;
      services.failed(error);
      return { ...outcome, failure: error };
    }
  }

  async #dispatch(
    frame: Frame,
    number: bigint,
    at: Pick<OcallRequest, 'memory' | 'address'>,
  ): Promise<readonly ArenaPatch[]> {
    const { host, memory, callsDuring } = this.#parts;
    const index = Number(number);
    const ocall = number < BigInt(host.model.ocalls.length) ? host.model.ocalls[index] : undefined;
    if (ocall === undefined) throw new OcallRefusal(OeResult.notFound);
    const allocate = (bytes: number): bigint => memory.reserve(bytes);
    if (!host.handles(index) && isSystemName(ocall.name)) {
      const codec = this.#bound.codec('oe').ocalls[index];
      const system = this.#system.get(ocall.name);
      if (system === undefined || codec === undefined) throw new OcallRefusal(OeResult.unsupported);
      const { values, encodeResult } = codec.decodeArguments(at.memory, at.address);
      return encodeResult({ ...(await system(values, frame.thread)), allocate });
    }
    const nested = callsDuring(frame);
    try {
      return await host.serve(index, { ...at, calls: nested.calls, allocate }, frame.call);
    } finally {
      await nested.end();
    }
  }
}

function answered(value = 0n): OcallOutcome {
  return { result: OeResult.ok, value, writes: [] };
}

function refused(result: number): OcallOutcome {
  return { result, value: 0n, writes: [] };
}

function failureRecord(record: bigint, result: number): ArenaPatch {
  const bytes = new Uint8Array(oeCallRecord.bytes - oeCallRecord.written);
  new DataView(bytes.buffer).setBigUint64(oeCallRecord.result - oeCallRecord.written, BigInt(result), true);
  return { address: record + BigInt(oeCallRecord.written), bytes };
}

function resultOf(error: unknown): number {
  if (error instanceof OcallRefusal) return error.result;
  if (isEnclosError(error, 'EDL_UNKNOWN_FUNCTION')) return OeResult.notFound;
  return isEnclosError(error, 'EDL_VALUE_REFUSED') ? OeResult.invalidParameter : OeResult.failure;
}
