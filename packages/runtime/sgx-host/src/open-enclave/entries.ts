import type { ArenaPatch } from '@enclos/edl-calls/host';
import { OeResult } from '@enclos/edl-calls/host';
import type { AbiHost, CallContext } from '../abi/abi.ts';
import type { ArenaRange, EnclaveAnswer, ExceptionAnswer, ExitAnswer, SgxThread } from '../gate/thread.ts';
import { exceptionName } from '../processor/exception-names.ts';
import { EXIT_WINDOW_BYTES } from './call-contexts.ts';
import { decodeGateWord, EnclaveFunction, encodeGateWord, finalExit, GateCode } from './words.ts';

/** What an exception handler inside says when the thread may go on (openenclave/bits/exception.h). */
const CONTINUE_EXECUTION = 0xffff_ffffn;

/** A call that a thread of the enclave makes. */
export interface Frame {
  readonly thread: SgxThread;
  /** `oe_ecall_context_t`, for the OCALLs of the call. */
  readonly context: ArenaPatch;
  /** Calls of the thread that this one is made in. */
  readonly depth: number;
  readonly call: CallContext;
}

/** What the enclave is entered for. */
export interface EnclaveCall {
  readonly function: number;
  readonly argument: bigint;
  readonly writes?: readonly ArenaPatch[];
  /** As of `EntryRequest`. */
  readonly spent?: Uint8Array;
  /** Read when the call returns. */
  readonly reads?: readonly ArenaRange[];
}

/** How a call returned. Every value is the enclave's word. */
export interface CallReturn {
  /** `oe_result_t` of the gate. */
  readonly result: number;
  /** What the function came to. */
  readonly value: bigint;
  readonly reads: readonly Uint8Array[];
  /** What the last handler threw. */
  readonly failure: unknown;
}

/** What the host answers an OCALL with. */
export interface OcallOutcome {
  /** `oe_result_t` of the gate. */
  readonly result: number;
  readonly value: bigint;
  readonly writes: readonly ArenaPatch[];
  /** What its handler threw. */
  readonly failure?: unknown;
}

export type OcallService = (frame: Frame, called: number, exit: ExitAnswer) => Promise<OcallOutcome>;

/** Carries calls through the gate of Open Enclave (host/sgx/calls.c, `oe_ecall`; host/sgx/linux/vdso.c). */
export class Entries {
  readonly #host: AbiHost;
  readonly #serve: OcallService;

  constructor(host: AbiHost, serve: OcallService) {
    this.#host = host;
    this.#serve = serve;
  }

  /**
   * Makes a call, and serves its OCALLs until it returns.
   *
   * @throws ENCLAVE_LOST
   */
  async run(frame: Frame, call: EnclaveCall): Promise<CallReturn> {
    return this.#run(frame, call, false);
  }

  async #run(frame: Frame, call: EnclaveCall, handlesException: boolean): Promise<CallReturn> {
    const { thread, context } = frame;
    const { reads = [] } = call;
    const leaving = { reads, final: finalExit, windowBytes: EXIT_WINDOW_BYTES, exitStackBytes: 0 };
    // Entries name the members of `leaving` themselves: what follows a spread is added one by one, which takes longer than the whole entry.
    let answer: EnclaveAnswer = await thread.enter({
      rdi: encodeGateWord({ code: GateCode.ecall, function: call.function, result: OeResult.ok }),
      rsi: call.argument,
      rdx: context.address,
      // An exception is handled amid a call, whose record must stay.
      writes: handlesException ? [] : [context, ...(call.writes ?? [])],
      spent: call.spent,
      reads,
      final: finalExit,
      windowBytes: EXIT_WINDOW_BYTES,
      exitStackBytes: 0,
    });
    let failure: unknown;
    for (;;) {
      if (answer.kind === 'exception') {
        if (handlesException) return this.#host.lost('It faulted while it handled an exception.');
        await this.#handleException(frame, answer);
        answer = await thread.resume(leaving);
        continue;
      }
      const word = decodeGateWord(answer.registers.rdi);
      if (word.code === GateCode.ereturn) {
        return { result: word.result, value: answer.registers.rsi, reads: answer.reads, failure };
      }
      if (word.code !== GateCode.ocall) return this.#host.lost('It left without a call or a result of Open Enclave.');
      const outcome = await this.#serve(frame, word.function, answer);
      failure = outcome.failure ?? failure;
      const { result, value, writes } = outcome;
      answer = await thread.enter({
        rdi: encodeGateWord({ code: GateCode.oreturn, function: word.function, result }),
        rsi: value,
        rdx: context.address,
        writes,
        reads,
        final: finalExit,
        windowBytes: EXIT_WINDOW_BYTES,
        exitStackBytes: 0,
      });
    }
  }

  /**
   * Has the enclave look at an exception: its first pass prepares the thread, which goes on in the second (enclave/core/sgx/exception.c).
   *
   * @throws ENCLAVE_LOST when it does not want to go on: its thread cannot be used again, as on silicon, where its host dies of the signal
   */
  async #handleException(frame: Frame, { vector }: ExceptionAnswer): Promise<void> {
    const handled = await this.#run(frame, { function: EnclaveFunction.handleException, argument: 0n }, true);
    if (handled.result === OeResult.ok && handled.value === CONTINUE_EXECUTION) return;
    await this.#host.lost(`It ended with an exception that it does not handle: ${exceptionName(vector)}.`);
  }
}
