// Values as the functions of C print and load them.
import type { CType, EdlModel, Extent, FunctionModel, MemberModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import { CMemory, CTypes } from '../reference/c-memory.ts';
import { isOneOf, type Values } from '../reference/random-values.ts';

/** Bytes of values, one after the other. */
export class Script {
  readonly #types: CTypes;
  readonly #depth: number;
  readonly #parts: Uint8Array[] = [];

  constructor(model: EdlModel, depth: number) {
    this.#types = new CTypes(model);
    this.#depth = depth;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  /** What a function prints of its arguments. */
  printed(call: FunctionModel, values: Values): void {
    for (const { name, type, passing } of call.parameters) {
      const value = values[name] ?? null;
      if (passing.kind === 'value') this.value(type, value);
      else if (passing.kind === 'string') {
        this.#flag(value !== null);
        if (typeof value === 'string') this.#text(value, passing.isWide);
      } else if (passing.kind === 'buffer') {
        this.#flag(value !== null);
        if (value !== null && passing.direction !== 'out') {
          this.#buffer(passing.element, passing.extent, { value, type, way: 'print' });
        }
      }
    }
  }

  /** What a function loads: its outputs, then its result. */
  loaded(call: FunctionModel, { outputs, returned }: { readonly outputs: Values; readonly returned?: EdlValue }): void {
    for (const { name, type, passing } of call.parameters) {
      const value = outputs[name];
      if (value === undefined || !('direction' in passing)) continue;
      if (typeof value === 'string') this.#text(value, passing.kind === 'string' && passing.isWide);
      else if (passing.kind === 'buffer') {
        this.#buffer(passing.element, passing.extent, {
          value,
          type,
          way: passing.direction === 'out' ? 'make' : 'load',
        });
      }
    }
    if (returned !== undefined) this.value(call.returns, returned);
  }

  #flag(isThere: boolean): void {
    this.#parts.push(Uint8Array.of(isThere ? 1 : 0));
  }

  #text(value: string, isWide: boolean): void {
    const points = Array.from(`${value}\0`, (character) => character.codePointAt(0) ?? 0);
    this.#parts.push(isWide ? new Uint8Array(Uint32Array.from(points).buffer) : Buffer.from(`${value}\0`));
  }

  #buffer(element: CType, extent: Extent, of: { value: EdlValue; type: CType; way: Way }): void {
    const isOne = isOneOf(element, extent) && of.type.kind !== 'array';
    this.#elements(element, { ...of, isOne, depth: of.type.kind === 'pointer' ? this.#depth : -1 });
  }

  #elements(element: CType, of: { value: EdlValue; isOne: boolean; depth: number; way: Way }): void {
    const { value, isOne, depth, way } = of;
    const items = isOne ? [value] : Array.from(value as ArrayLike<EdlValue>);
    const isDeep = depth >= 0 && this.#types.isDeep(element);
    for (const item of items) {
      this.value(element, item, isDeep);
      if (isDeep) {
        for (const member of this.#types.composite(element.name).members) {
          this.#member(member, item as Values, { depth, way });
        }
      }
    }
  }

  #member({ name, type, extent }: MemberModel, values: Values, { depth, way }: { depth: number; way: Way }): void {
    if (extent === undefined || type.kind !== 'pointer') return;
    const value = values[name] ?? null;
    if (way !== 'load') this.#flag(value !== null);
    if (value === null) return;
    this.#elements(type.to, { value, isOne: isOneOf(type.to, extent), depth: depth - 1, way });
  }

  value(type: CType, value: EdlValue, isDeep = false): void {
    if (type.kind === 'pointer') return;
    if (type.kind === 'array') {
      for (const item of Array.from(value as ArrayLike<EdlValue>)) this.value(type.of, item);
    } else if (type.kind === 'struct') {
      for (const member of this.#types.composite(type.name).members) {
        if (!(isDeep && member.extent !== undefined)) this.value(member.type, (value as Values)[member.name] ?? null);
      }
    } else {
      const memory = new CMemory(new Uint8Array(this.#types.size(type)), 0n);
      if (type.kind === 'basic' && type.name === 'void') memory.bytes[0] = Number(value);
      else this.#types.write(memory, 0n, type, value);
      this.#parts.push(memory.bytes);
    }
  }
}

type Way = 'print' | 'load' | 'make';
