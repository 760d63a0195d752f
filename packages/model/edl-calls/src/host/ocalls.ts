import { EnclosError } from '@enclos/errors';
import { resultNames } from '../calls/shape.ts';
import { ownMember } from '../forms/form.ts';
import type { OcallModel } from '@enclos/edl-compiler';
import type { BoundInterface } from './bound-interface.ts';
import type { OcallRequest, OcallServer } from './calls.ts';
import { ecallsOf } from './ecalls.ts';

type Handler = (values: object, during: { readonly ecalls: object }) => unknown;

/**
 * Serves the OCALLs of an enclave by handlers of values. Generated modules call this.
 *
 * @param handlers a function for each OCALL, by its name
 * @param elsewhere names of OCALLs that are served elsewhere, and need no handler
 * @throws EDL_INVALID_INTERFACE when a handler is missing
 */
export function serveOcalls(
  bound: BoundInterface,
  handlers: object,
  elsewhere: ReadonlySet<string> = new Set(),
): OcallServer {
  const byIndex = bound.model.ocalls.map((ocall) =>
    elsewhere.has(ocall.name) ? undefined : { ocall, handler: handlerOf(handlers, ocall.name) },
  );
  return Object.freeze({
    async ocall(index: number, request: OcallRequest) {
      const { memory, address, calls, allocate, run = atOnce } = request;
      const served = byIndex[index];
      const codec = bound.codec(calls.abi).ocalls[index];
      if (served === undefined || codec === undefined) {
        throw new EnclosError('EDL_UNKNOWN_FUNCTION', `The interface has no OCALL ${index}.`);
      }
      const { ocall, handler } = served;
      const { values, encodeResult } = codec.decodeArguments(memory, address);
      const result = await run(() => handler(values, { ecalls: ecallsOf(bound, calls, ocall.allows) }));
      return encodeResult({ ...answerOf(ocall, result), allocate });
    },
  });
}

function atOnce<T>(handler: () => T): T {
  return handler();
}

function handlerOf(handlers: object, name: string): Handler {
  const handler: unknown = Reflect.get(handlers, name);
  // Every object inherits some functions, such as toString, which are not handlers; and its class, as "constructor".
  const isClass = name === 'constructor' && !Object.hasOwn(handlers, name);
  if (typeof handler !== 'function' || isClass || handler === Reflect.get(Object.prototype, name)) {
    throw new EnclosError('EDL_INVALID_INTERFACE', `The OCALL "${name}" has no handler.`);
  }
  // A handler keeps the object that it is a method of. What it returns is checked by the codec.
  return (values, during) => Reflect.apply(handler, handlers, [values, during]) as unknown;
}

/** What a handler returned, apart: the function's own result, the memory that it fills, and errno. */
function answerOf(ocall: OcallModel, result: unknown) {
  const names = resultNames(ocall);
  if (names.isPlain) return names.returned === undefined ? {} : { returned: result };
  if (typeof result !== 'object' || result === null) {
    const message = `The handler of "${ocall.name}" returns an object of its result and its outputs.`;
    throw new EnclosError('EDL_VALUE_REFUSED', message, { details: { path: `${ocall.name}()` } });
  }
  // Of its own: every object inherits a "constructor", which a parameter may be called, too.
  const part = (name: string): unknown => ownMember(result, name);
  const errno = names.errno === undefined ? undefined : part(names.errno);
  return {
    ...(names.returned === undefined ? {} : { returned: part(names.returned) }),
    outputs: Object.fromEntries(names.outputs.map((name) => [name, part(name)])),
    // The codec checks it.
    ...(errno === undefined ? {} : { errno: errno as number }),
  };
}
