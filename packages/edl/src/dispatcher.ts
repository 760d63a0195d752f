import { EnclosError } from '@enclos/errors';
import { invalid } from './definition.ts';
import { type Func, functionList, type Functions } from './interface.ts';
import type { Fields, RecordValue } from './record.ts';
import { codec, type Infer } from './type.ts';
import { decodeWith, encodeWith } from './value.ts';

/** What implements the functions of a side. `args` is an empty object for a function without parameters. */
export type Handlers<F extends Functions, Context = undefined> = {
  readonly [K in keyof F]: F[K] extends Func<infer P, infer R>
    ? (args: Arguments<P>, context: Context) => Infer<R> | Promise<Infer<R>>
    : never;
};

type Arguments<P> = P extends Fields ? RecordValue<P> : never;

/** Answers one call: the bytes of the arguments in, which are taken over, the bytes of the result out. */
export type Dispatch<Context = undefined> = (
  index: number,
  payload: Uint8Array,
  context: Context,
) => Promise<Uint8Array>;

interface Target {
  readonly name: string;
  readonly definition: Func;
  readonly handle: (args: unknown, context: unknown) => unknown;
}

/**
 * Dispatches calls to `handlers`, which never see arguments that do not fit.
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
  return async (index, payload, context) => {
    const target = targets[index];
    if (target === undefined) {
      throw new EnclosError('EDL_UNKNOWN_FUNCTION', `No function has the index ${index}; there are ${targets.length}.`);
    }
    const { name, definition, handle } = target;
    const args = decodeWith(definition.parameters[codec], payload, name);
    const result = await handle(args, context);
    const parts = definition.result[codec];
    return encodeWith(parts, result, { path: `${name}()`, maxBytes: parts.maxBytes });
  };
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
  return { name, definition, handle: (args, context): unknown => Reflect.apply(handler, handlers, [args, context]) };
}
