import { accessRefusal, allowsOperation, kvAccess, type KvAccess, type KvMap, type KvOperation } from '@enclos/kv';
import { ScriptThrow } from '@enclos/script';

import { contextOf } from '../../session/role.ts';
import type { ScriptSession } from '../../session/session.ts';

/** A script that opens ever more tables ends in an error, not in the memory of the host. */
const maxHandles = 10_000;
const maxNameLength = 4096;

interface Handle {
  readonly name: string;
  readonly access: KvAccess;
  /** The place of its state among those of the call; -1 for the transaction of the call itself. */
  readonly state: number;
}

const notThere = 'Internal: Unable to access MapHandle';

/**
 * The tables that the script of one interpreter has opened, by number. Numbers of tables of the past are negative, count on from
 * call to call, and mean nothing after their call.
 */
export class KvHandles {
  readonly #session: ScriptSession;
  #handles: Handle[] = [];
  #byName = new Map<string, number>();
  #past: Handle[] = [];
  #pastMaps: (KvMap | undefined)[] = [];
  #pastBase = 0;
  #pastStates: unknown;

  constructor(session: ScriptSession) {
    this.#session = session;
    session.onReset(() => {
      this.#handles = [];
      this.#byName = new Map();
    });
  }

  open(state: number, name: string): number {
    if (name.length > maxNameLength) throw new ScriptThrow('RangeError', 'The name of the table is too long.');
    if (state !== -1) return this.#openPast(state, name);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const handle = this.#handles.length;
    if (handle >= maxHandles) throw new ScriptThrow('RangeError', 'Too many tables are open.');
    this.#handles.push({ name, access: this.#accessOf(name), state });
    this.#byName.set(name, handle);
    return handle;
  }

  /** The map, when the script may do this with it in its role. */
  use(number: number, operation: KvOperation): KvMap {
    const handle = this.#find(number);
    if (handle === undefined) throw new ScriptThrow('Error', notThere);
    if (!allowsOperation(handle.access, operation)) {
      throw new ScriptThrow('TypeError', this.#refusal(handle, operation));
    }
    return number < 0 ? this.#pastMap(number, handle) : this.#map(number, handle);
  }

  #accessOf(name: string): KvAccess {
    return kvAccess(contextOf(this.#session.role), name);
  }

  #openPast(state: number, name: string): number {
    const access = this.#accessOf(name) === 'inaccessible' ? 'inaccessible' : 'read-only';
    this.#forgetPast();
    if (this.#past.length >= maxHandles) throw new ScriptThrow('RangeError', 'Too many tables are open.');
    this.#past.push({ name, access, state });
    return -(this.#pastBase + this.#past.length);
  }

  #forgetPast(): void {
    const { states } = this.#session.call;
    if (this.#pastStates === states) return;
    this.#pastStates = states;
    this.#pastBase += this.#past.length;
    this.#past = [];
    this.#pastMaps = [];
  }

  #find(number: number): Handle | undefined {
    if (number >= 0) return this.#handles[number];
    this.#forgetPast();
    return this.#past[-number - 1 - this.#pastBase];
  }

  #map(number: number, { name }: Handle): KvMap {
    const { maps, transaction } = this.#session.call;
    return (maps[number] ??= transaction.map(name));
  }

  #pastMap(number: number, { name, state }: Handle): KvMap {
    const place = -number - 1 - this.#pastBase;
    const past = this.#session.call.states[state];
    if (past === undefined) throw new ScriptThrow('Error', notThere);
    return (this.#pastMaps[place] ??= past.transaction.map(name));
  }

  #refusal({ name, access, state }: Handle, operation: KvOperation): string {
    if (state !== -1 && access === 'read-only') {
      return `Cannot call ${JSON.stringify(operation)} on table named ${name}. All tables are read-only during historical transaction.`;
    }
    return accessRefusal(contextOf(this.#session.role), name, operation);
  }
}
