import { EnclosError } from '@enclos/errors';
import { invalid } from './definition.ts';
import { type Func, functionList, type Functions } from './interface.ts';
import type { Fields, RecordValue } from './types/record.ts';
import { codec, type Infer } from './type.ts';
import { decodeWith, type EncodeLimits, encodeWith, rejected } from './types/value.ts';

/** The implementation of the functions of one side. `args` is an empty object for a function without parameters. */
export type Handlers<F extends Functions, Context = undefined> = {
  readonly [K in keyof F]: F[K] extends Func<infer P, infer R>
    ? (args: Arguments<P>, context: Context) => Infer<R> | Promise<Infer<R>>
    : never;
};

type Arguments<P> = P extends Fields ? RecordValue<P> : never;

/**
 * Answers one call. It reads the bytes of the arguments before it returns, and takes over 256 KiB or more; no other code may be
 * able to change them meanwhile. It returns the bytes of the result, without a promise when the handler returns its result
 * without one. Small results share memory with others, and are not written to afterwards.
 */
export type Dispatch<Context = undefined> = (
  index: number,
  payload: Uint8Array,
  context: Context,
) => Uint8Array | Promise<Uint8Array>;

interface Target {
  readonly name: string;
  readonly resultLimits: EncodeLimits;
  readonly definition: Func;
  readonly handle: (args: unknown, context: unknown) => unknown;
}

/**
 * Dispatches calls to `handlers`, which never see arguments that do not match their types.
 *
 * A dispatch rejects with EDL_UNKNOWN_FUNCTION, with EDL_VALUE_REFUSED for arguments (`put.name`)
 * or for the handler's own result (`put()`, which is then not sent), or with the handler's error.
 *
 * The compiler cannot infer `Context` from functions written in place: declare the handlers as
 * `Handlers<F, Context>`, or name both type arguments.
 *
 * @throws EDL_INVALID_INTERFACE when a handler is absent.
 */
export function createDispatcher<F extends Functions, Context>(
  functions: F,
  handlers: Handlers<F, Context>,
): Dispatch<Context> {
  const targets = functionList(functions).map(([name, definition]) => targetOf(name, definition, handlers));
  return (index, payload, context) => {
    try {
      const target = targets[index] ?? unknownFunction(index, targets.length);
      const args = decodeWith(target.definition.parameters[codec], payload, target.name);
      const result = target.handle(args, context);
      return isThenable(result) ? resultLater(target, result) : resultOf(target, result);
    } catch (error) {
      return rejected(error);
    }
  };
}

function unknownFunction(index: number, count: number): never {
  throw new EnclosError('EDL_UNKNOWN_FUNCTION', `No function has the index ${index}; there are ${count}.`);
}

/** Whether `await` would wait for the value. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

async function resultLater(target: Target, result: PromiseLike<unknown>): Promise<Uint8Array> {
  return resultOf(target, await result);
}

function resultOf({ definition, resultLimits }: Target, result: unknown): Uint8Array {
  return encodeWith(definition.result[codec], result, resultLimits);
}

/**
 * The size in bytes of the longest arguments of each function, by index: a receiver can refuse
 * a longer message before it keeps any of it.
 *
 * @throws EDL_INVALID_INTERFACE
 */
export function maxArgumentBytes(functions: Functions): readonly number[] {
  return Object.freeze(functionList(functions).map(([, { parameters }]) => parameters[codec].maxBytes));
}

function targetOf(name: string, definition: Func, handlers: object): Target {
  const handler: unknown = Reflect.get(handlers, name);
  if (typeof handler !== 'function') return invalid(`Function "${name}" has no handler.`);
  return {
    name,
    resultLimits: { path: `${name}()`, maxBytes: definition.result[codec].maxBytes },
    definition,
    handle: (args, context): unknown => Reflect.apply(handler, handlers, [args, context]),
  };
}
