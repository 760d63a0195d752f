import type { ScriptValue } from '../engine.ts';

/** What a host function did, as it goes to the realm: only scalars and bytes inside. */
export type HostAnswer =
  | { readonly kind: 'value'; readonly value: ScriptValue }
  | { readonly kind: 'Error' | 'TypeError' | 'RangeError'; readonly message: string };

/** What the code inside the realm asks of the engine. None of it reaches the program. */
export interface BridgeHost {
  readonly names: readonly string[];
  answer(index: number, values: readonly unknown[]): HostAnswer;
  register(name: unknown, entry: unknown): void;
  module(name: unknown): unknown;
  isBytes(value: unknown): boolean;
  isPromise(value: unknown): boolean;
  isError(value: unknown): boolean;
  returned(value: unknown): void;
  threw(message: unknown, stack: unknown): void;
}

/** What it gives back. */
export interface Bridge {
  readonly host: object;
  /** Makes the global function {@link CALL_NAME} that calls an entry point once. */
  prepare(entry: unknown, values: readonly ScriptValue[]): void;
}

export const CALL_NAME = '__enclos_call';

/**
 * Runs in the realm before anything else, so that objects which the program sees are the realm's own: a stranger's ArrayBuffer is no
 * `instanceof ArrayBuffer`. It keeps the primordials that it needs, which the program can replace later.
 */
export const bridgeSource = `(function (bridge) {
  'use strict';
  const { apply, deleteProperty } = Reflect;
  const errors = { __proto__: null, Error, TypeError, RangeError };
  const Bytes = Uint8Array, Buffer = ArrayBuffer, Text = String, put = Uint8Array.prototype.set, then = Promise.prototype.then;
  const world = globalThis;
  const inward = (value) => {
    if (!bridge.isBytes(value)) return value;
    const buffer = new Buffer(value.byteLength);
    apply(put, new Bytes(buffer), [value]);
    return buffer;
  };
  const outward = (index) => (...values) => {
    const answer = bridge.answer(index, values);
    if (answer.kind === 'value') return inward(answer.value);
    throw new errors[answer.kind](answer.message);
  };
  const failed = (error) => {
    const isError = bridge.isError(error);
    let message = 'Unknown exception', stack;
    try {
      message = Text(error);
      stack = isError ? error.stack : undefined;
    } catch {}
    bridge.threw(message, stack);
  };
  const host = { __proto__: null, register: (name, entry) => bridge.register(name, entry), import: (name) => {
    const load = bridge.module(name);
    if (load === undefined) throw new errors.Error('There is no module ' + name + '.');
    return load();
  } };
  for (let index = 0; index < bridge.names.length; index += 1) host[bridge.names[index]] = outward(index);
  const prepare = (entry, values) => {
    world.${CALL_NAME} = () => {
      deleteProperty(world, '${CALL_NAME}');
      const inside = [];
      for (let index = 0; index < values.length; index += 1) inside[index] = inward(values[index]);
      try {
        const value = apply(entry, undefined, inside);
        if (bridge.isPromise(value)) apply(then, value, [(settled) => bridge.returned(settled), failed]);
        else bridge.returned(value);
      } catch (error) {
        failed(error);
      }
    };
  };
  return { __proto__: null, host, prepare };
})`;
