/**
 * The beginning of the prelude: what the script side of all extensions uses. It takes the primordials before any other code has run,
 * so that an application that replaces a builtin changes only its own view of it. No rule that protects others stands here: the
 * functions of the host check whatever they are given.
 */
export const basePrelude = `
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const { stringify, parse } = JSON;
const { keys: keysOf, freeze, create: createObject } = Object;
const isInteger = Number.isInteger;
const isView = ArrayBuffer.isView, isArray = Array.isArray;
const TypeFailure = TypeError, RangeFailure = RangeError, Failure = Error;
const Bytes = Uint8Array, Buffer = ArrayBuffer, Numbers = DataView, Text = String, Promised = Promise, Wrapped = Proxy;
const getter = (prototype, name) => getOwnPropertyDescriptor(prototype, name).get;
const byteLengthOf = getter(Buffer.prototype, 'byteLength');
const views = Object.getPrototypeOf(Bytes.prototype);
const viewBuffer = getter(views, 'buffer'), viewOffset = getter(views, 'byteOffset'), viewLength = getter(views, 'byteLength');
const viewTag = getter(views, Symbol.toStringTag);
const sliceBuffer = Buffer.prototype.slice, readUint32 = Numbers.prototype.getUint32;
const settle = Promised.prototype.then;
const world = globalThis;

/* QuickJS has this class of errors; V8 has not. */
const Internal = world.InternalError ?? class InternalError extends Error {
  get name() { return 'InternalError'; }
};
if (world.InternalError === undefined) {
  defineProperty(world, 'InternalError', { value: Internal, writable: true, configurable: true, enumerable: false });
}

const isBuffer = (value) => {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (apply(byteLengthOf, value, []) === 0) new Bytes(value);
    return true;
  } catch {
    return false;
  }
};
const needBuffer = (value, message) => {
  if (!isBuffer(value)) throw new TypeFailure(message ?? 'ArrayBuffer object expected');
  return value;
};
/* Called often, so written for QuickJS: the arguments object costs more than a list of the rest, and the engine refuses everything but an ArrayBuffer
 * itself, so that only an error is looked into. */
const explain = (error, message, ...buffers) => {
  for (let index = 0; index < buffers.length; index += 1) if (!isBuffer(buffers[index])) return new TypeFailure(message);
  return error;
};
const noBuffer = 'Argument must be an ArrayBuffer';
const count = (passed, least, most, expected, comma) => {
  if (passed < least || passed > most) {
    throw new TypeFailure('Passed ' + passed + ' arguments' + (comma ?? ',') + ' but expected ' + (expected ?? least));
  }
};
/* The conversions of the C interface of QuickJS: those of ToInt32 and, for what fits, ToInt64. */
const toInt32 = (value) => +value | 0;
const toInteger = (value) => {
  const number = +value;
  if (number !== number || number === Infinity || number === -Infinity) return 0;
  return number - (number % 1);
};
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
const textOf = (value) => {
  if (typeof value === 'symbol') throw new TypeFailure('cannot convert symbol to string');
  return Text(value);
};
/* Calls a function of the host whose failures are internal errors to the script. */
const internally = (call, values) => {
  try {
    return apply(call, undefined, values);
  } catch (error) {
    if (!(error instanceof TypeFailure) && !(error instanceof RangeFailure)) throw new Internal(error.message);
    throw error;
  }
};
const ccf = {};
defineProperty(world, 'ccf', { value: ccf, writable: true, configurable: true, enumerable: true });
`;
