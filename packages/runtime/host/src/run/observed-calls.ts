import {
  createCaller,
  type CallOptions,
  type Caller,
  type Dispatch,
  type Functions,
  type Invocation,
  type Invoke,
} from '@enclos/edl';
import type { IncomingCall } from '@enclos/gate';
import { GateTable } from '@enclos/tee';
import { CallContext } from './call-context.ts';
import { gateOptions } from './call-deadline.ts';
import { requireCallOptions } from './host-caller.ts';
import type { HostContext } from './load-options.ts';
import { failAtCaller } from '../report/caller-stack.ts';
import { codeOf, WatchedOperation, type Watch } from '../observe/watch.ts';

/** The options of a call under observation. The gate keeps the tag, and passes it to calls that are nested in this one. */
interface SeenOptions extends CallOptions {
  readonly tag: WatchedOperation;
}

/** Counts the bytes that pass through. */
export function observedInvoke(invoke: Invoke): Invoke {
  return async (call: Invocation) => {
    const options: (CallOptions & { readonly tag?: unknown }) | undefined = call.options;
    const seen = options?.tag;
    if (!(seen instanceof WatchedOperation)) return invoke(call);
    seen.argumentBytes = call.payload.length;
    const result = await invoke(call);
    seen.resultBytes = result.length;
    return result;
  };
}

export interface ObservedCallerOptions<T extends Functions> {
  readonly trusted: T;
  /** Made by {@link observedInvoke}. */
  readonly invoke: Invoke;
  readonly watch: Watch;
  readonly parent?: WatchedOperation;
}

/** As `createCaller`, but each call is observed from the encoding of its arguments to the decoding of its result. */
export function observedCaller<T extends Functions>(options: ObservedCallerOptions<T>): Caller<T> {
  const { trusted, invoke, watch, parent } = options;
  const caller = createCaller(trusted, invoke, { failed: failAtCaller });
  const observed = Object.create(null) as Record<string, unknown>;
  for (const [name, { parameters }] of Object.entries(trusted)) {
    const call: unknown = Reflect.get(caller, name);
    if (typeof call !== 'function') continue;
    const see = async (
      callOptions: CallOptions | undefined,
      args: readonly unknown[],
      extra: readonly unknown[],
    ): Promise<unknown> => {
      const seen = watch.begin({ kind: 'trusted', function: name }, parent);
      try {
        requireCallOptions(name, callOptions, extra);
        const tagged: SeenOptions = { ...callOptions, tag: seen };
        const result: unknown = await Reflect.apply(call, undefined, [...args, tagged]);
        seen.end('OK');
        return result;
      } catch (error) {
        seen.end(codeOf(error, 'GATE_REMOTE_ERROR'));
        throw error;
      }
    };
    observed[name] =
      Object.keys(parameters.fields).length > 0
        ? (args: unknown, callOptions?: CallOptions, ...extra: readonly unknown[]) => see(callOptions, [args], extra)
        : (callOptions?: CallOptions, ...extra: readonly unknown[]) => see(callOptions, [], extra);
  }
  // The same members, with the same parameters.
  return Object.freeze(observed) as Caller<T>;
}

export interface ObservedDispatchOptions<T extends Functions> {
  readonly untrusted: Functions;
  readonly trusted: T;
  readonly calls: Dispatch<HostContext<T>>;
  readonly watch: Watch;
  /** A further wrapper for calls back into the enclave. */
  readonly through: (invoke: Invoke) => Invoke;
}

/** Serves the enclave's calls, and observes each from its bytes to the bytes of its result. */
export function observedDispatch<T extends Functions>(
  options: ObservedDispatchOptions<T>,
): (call: IncomingCall) => Promise<Uint8Array> {
  const { untrusted, calls, watch } = options;
  const names = Object.keys(untrusted);
  return async (call) => {
    const name = names[call.index];
    // There is no such function, and the enclave chose its number, so nothing is counted by it.
    if (name === undefined) return calls(call.index, call.payload, contextOf(call, options));
    const parent = call.parentTag instanceof WatchedOperation ? call.parentTag : undefined;
    const seen = watch.begin({ kind: 'untrusted', function: name }, parent);
    seen.argumentBytes = call.payload.length;
    try {
      const result = await seen.run(async () => calls(call.index, call.payload, contextOf(call, options, seen)));
      seen.resultBytes = result.length;
      seen.end('OK');
      return result;
    } catch (error) {
      seen.end(codeOf(error, 'HOST_CALL_FAILED'));
      throw error;
    }
  };
}

function contextOf<T extends Functions>(
  call: IncomingCall,
  { trusted, watch, through }: ObservedDispatchOptions<T>,
  parent?: WatchedOperation,
): HostContext<T> {
  return new CallContext(call, () => {
    const invoke: Invoke = (nested) =>
      call.invoke(GateTable.application, nested.index, nested.payload, gateOptions(nested));
    return observedCaller({
      trusted,
      invoke: observedInvoke(through(invoke)),
      watch,
      ...(parent === undefined ? {} : { parent }),
    });
  });
}
