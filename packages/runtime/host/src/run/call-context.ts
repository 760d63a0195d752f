import type { Caller, Functions } from '@enclos/edl';
import type { IncomingCall } from '@enclos/gate';
import type { HostContext } from './load-options.ts';

/**
 * What an untrusted function is called with. Caller and signal are made on first use: most functions neither call back nor look
 * at the signal. A class, because V8 keeps a getter of an object that is made for each call, and with it the call and its
 * arguments, until a full collection of garbage.
 */
export class CallContext<T extends Functions> implements HostContext<T> {
  readonly #call: IncomingCall;
  readonly #makeCaller: () => Caller<T>;
  #caller: Caller<T> | undefined;

  constructor(call: IncomingCall, makeCaller: () => Caller<T>) {
    this.#call = call;
    this.#makeCaller = makeCaller;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get enclave(): Caller<T> {
    return (this.#caller ??= this.#makeCaller());
  }
}
