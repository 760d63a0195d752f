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
 * @throws EDL_HANDLER_MISSING, which names every OCALL without a handler
 */
export function serveOcalls(
  bound: BoundInterface,
  handlers: object,
  elsewhere: ReadonlySet<string> = new Set(),
): OcallServer {
  const found = bound.model.ocalls.map((ocall) =>
    elsewhere.has(ocall.name) ? undefined : { ocall, handler: handlerOf(handlers, ocall.name) },
  );
  const missing = found.flatMap((entry) =>
    entry !== undefined && entry.handler === undefined ? [entry.ocall.name] : [],
  );
  if (missing.length > 0) throw missingHandlers(missing);
  return Object.freeze({
    async ocall(index: number, request: OcallRequest) {
      const { memory, address, calls, allocate, run = atOnce } = request;
      const served = found[index];
      const codec = bound.codec(calls.abi).ocalls[index];
      if (served?.handler === undefined || codec === undefined) {
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

/** A message names so many OCALLs; the details have all. */
const SHOWN_NAMES = 12;

function missingHandlers(ocalls: readonly string[]): EnclosError<'EDL_HANDLER_MISSING'> {
  const [shown, more] = [ocalls.slice(0, SHOWN_NAMES), ocalls.length - SHOWN_NAMES];
  const names = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const message = `There is no handler for ${ocalls.length === 1 ? 'the OCALL' : 'the OCALLs'} ${names}.`;
  return new EnclosError('EDL_HANDLER_MISSING', message, { details: { ocalls } });
}

function handlerOf(handlers: object, name: string): Handler | undefined {
  const handler: unknown = Reflect.get(handlers, name);
  // Every object inherits some functions, such as toString, which are not handlers; and its class, as "constructor".
  const isClass = name === 'constructor' && !Object.hasOwn(handlers, name);
  if (typeof handler !== 'function' || isClass || handler === Reflect.get(Object.prototype, name)) return undefined;
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
