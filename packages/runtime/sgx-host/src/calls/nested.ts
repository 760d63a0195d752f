import type { ArenaImage, ReturnedEcall, SgxCalls } from '@enclos/edl-calls/host';
import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';

/** What carries the ECALLs that a handler makes. */
export interface NestedCaller extends Pick<SgxCalls, 'abi' | 'free'> {
  readonly ecall: (index: number, image: ArenaImage | undefined) => Promise<ReturnedEcall>;
}

/**
 * The ECALLs that are made while one OCALL is under way. They run on its thread, one after the other, because an enclave leaves its
 * calls in the reverse order of their entries.
 */
export class NestedCalls {
  readonly calls: SgxCalls;
  readonly #turns = new Turns();
  #hasEnded = false;

  constructor({ abi, free, ecall }: NestedCaller) {
    this.calls = Object.freeze({
      abi,
      free,
      ecall: async (index: number, image: ArenaImage | undefined) => {
        if (this.#hasEnded) this.#refuse();
        return this.#turns.take(() => ecall(index, image));
      },
    });
  }

  /** Waits for the calls under way. Later ones are refused. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#turns.take(() => Promise.resolve());
  }

  #refuse(): never {
    const message = 'The OCALL during which this ECALL may be made has returned.';
    throw new EnclosError('EDL_VALUE_REFUSED', message, { details: { path: 'ecalls' } });
  }
}
