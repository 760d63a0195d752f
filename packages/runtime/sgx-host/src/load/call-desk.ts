import type { ArenaImage, ReturnedEcall, SgxCalls } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
// Declares GATE_DEADLINE and GATE_CANCELLED.
import '@enclos/gate';
import { failAtCaller, type Watch } from '@enclos/host/life';
import type { AbiRuntime, CallContext } from '../abi/abi.ts';
import type { ThreadPool } from '../calls/pool.ts';
import type { CallBounds } from './options.ts';
import { LateCalls } from './late-calls.ts';
import { watched } from './watched-calls.ts';

export interface CallDeskOptions {
  readonly runtime: AbiRuntime;
  readonly threads: ThreadPool;
  /** The names of the ECALLs, by index. */
  readonly names: readonly string[];
  /** What a call without other bounds may take. */
  readonly timeoutMs: number;
  readonly watch: Watch | undefined;
}

const noContext: CallContext = Object.freeze({});

/** Makes the ECALLs of the user, within their bounds, and has each observed. */
export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #late: LateCalls;

  constructor(options: CallDeskOptions) {
    this.#options = options;
    this.#late = new LateCalls(options.timeoutMs);
  }

  /** No call is made any more. */
  end(): void {
    this.#late.end();
  }

  within(bounds: CallBounds): SgxCalls {
    const { runtime, watch, names } = this.#options;
    return Object.freeze({
      abi: runtime.abi,
      free: (address: bigint) => runtime.free(address),
      ecall: async (index: number, image: ArenaImage | undefined) => {
        const name = names[index] ?? '';
        try {
          if (watch === undefined) {
            return await this.#bounded(name, bounds, (context) => runtime.ecall(index, image, context));
          }
          const observed = watch.begin({ kind: 'trusted', function: name });
          return await watched(observed, image?.bytes.length, () =>
            this.#bounded(name, bounds, (context) => runtime.ecall(index, image, { ...context, observed })),
          );
        } catch (error) {
          return failAtCaller(error);
        }
      },
    });
  }

  /** The call goes on without its caller when it takes too long: an enclave that was entered cannot be interrupted. */
  #bounded(
    name: string,
    { timeoutMs = this.#options.timeoutMs, signal }: CallBounds,
    call: (context: CallContext) => Promise<ReturnedEcall>,
  ): Promise<ReturnedEcall> {
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    if (timeoutMs === Infinity && signal === undefined) return call(noContext);
    // Only a call that waits for a thread can be taken back.
    const waits = this.#options.threads.hasFree ? undefined : new AbortController();
    return new Promise((resolve, reject) => {
      const giveUp = (error: EnclosError): void => {
        waits?.abort(error);
        reject(error);
      };
      const abort = (): void => giveUp(cancelled(signal));
      const settled = this.#late.watch(timeoutMs, () => giveUp(late(name, timeoutMs)));
      signal?.addEventListener('abort', abort);
      const finish = (): void => {
        settled();
        signal?.removeEventListener('abort', abort);
      };
      call(waits === undefined ? noContext : { signal: waits.signal }).then(
        (returned) => {
          finish();
          resolve(returned);
        },
        (error: Error) => {
          finish();
          reject(error);
        },
      );
    });
  }
}

function cancelled(signal: AbortSignal | undefined): EnclosError<'GATE_CANCELLED'> {
  return new EnclosError('GATE_CANCELLED', undefined, { cause: signal?.reason });
}

function late(name: string, timeoutMs: number): EnclosError<'GATE_DEADLINE'> {
  const message = `The call ${name}() did not finish within ${timeoutMs} ms. The enclave may still be at it.`;
  return new EnclosError('GATE_DEADLINE', message, { details: { timeoutMs } });
}
