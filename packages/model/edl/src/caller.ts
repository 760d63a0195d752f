import { type Func, functionList, type Functions } from './interface.ts';
import type { Fields, RecordValue } from './types/record.ts';
import { codec, type Infer } from './type.ts';
import { decodeWith, encodeWith, rejected } from './types/value.ts';

export interface CallOptions {
  /** The call fails when no result has arrived after this long. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One call as bytes. The result may not be longer than `maxResultBytes`. */
export interface Invocation {
  readonly index: number;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly options: CallOptions | undefined;
  readonly maxResultBytes: number;
}

/** Carries a call to the other side and returns the bytes of its result, which no other code keeps or can change. */
export type Invoke = (call: Invocation) => Promise<Uint8Array>;

/** The functions of the other side. A function without parameters takes only the options. */
export type Caller<F extends Functions> = {
  readonly [K in keyof F]: F[K] extends Func<infer P, infer R>
    ? keyof P extends never
      ? (options?: CallOptions) => Promise<Infer<R>>
      : (args: Arguments<P>, options?: CallOptions) => Promise<Infer<R>>
    : never;
};

type Arguments<P> = P extends Fields ? RecordValue<P> : never;

/** What a host adds to a caller. */
export interface CallerHooks {
  /** Checks what the compiler cannot for callers in JavaScript: the options, and arguments after them. Throws to refuse. */
  readonly check?: (name: string, options: unknown, extra: readonly unknown[]) => void;
  /** Gets each error of a call, and throws it or another one. */
  readonly failed?: (error: unknown) => never;
}

/**
 * The typed functions of the other side, in a frozen object without a prototype.
 *
 * A call rejects with EDL_VALUE_REFUSED when an argument (`put.name`) or the bytes of the result
 * (`put()`) do not match their types, and with every rejection of `invoke`.
 *
 * @throws EDL_INVALID_INTERFACE
 */
export function createCaller<F extends Functions>(functions: F, invoke: Invoke, hooks?: CallerHooks): Caller<F> {
  const caller = Object.create(null) as Record<string, unknown>;
  for (const [index, [name, definition]] of functionList(functions).entries()) {
    caller[name] = callerOf({ index, name, definition, invoke, hooks });
  }
  // Built from exactly the members that Caller<F> maps.
  return Object.freeze(caller) as Caller<F>;
}

interface CallSite {
  readonly index: number;
  readonly name: string;
  readonly definition: Func;
  readonly invoke: Invoke;
  readonly hooks: CallerHooks | undefined;
}

function callerOf({ index, name, definition, invoke, hooks }: CallSite): unknown {
  const parameters = definition.parameters[codec];
  const result = definition.result[codec];
  const limits = { path: name, maxBytes: parameters.maxBytes };
  const resultPath = `${name}()`;
  const resultOf = (bytes: Uint8Array): unknown => decodeWith(result, bytes, resultPath);
  // Not an async function, so that each pending call keeps less memory alive.
  const call = (args: unknown, options?: CallOptions, ...extra: readonly unknown[]): Promise<unknown> => {
    try {
      if (options !== undefined || extra.length > 0) hooks?.check?.(name, options, extra);
      const payload = encodeWith(parameters, args, limits);
      return invoke({ index, name, payload, options, maxResultBytes: result.maxBytes }).then(resultOf, hooks?.failed);
    } catch (error) {
      return rejected(error).catch(hooks?.failed);
    }
  };
  if (Object.keys(definition.parameters.fields).length > 0) return call;
  return (options?: CallOptions, ...extra: readonly unknown[]) => call({}, options, ...extra);
}
