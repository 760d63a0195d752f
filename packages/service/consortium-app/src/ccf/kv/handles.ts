import { accessRefusal, allowsOperation, kvAccess, type KvAccess, type KvMap, type KvOperation } from '@enclos/kv';
import { ScriptThrow } from '@enclos/script';

import { contextOf } from '../../session/role.ts';
import type { PastHandle, ScriptSession } from '../../session/session.ts';

/** A script that opens ever more tables ends in an error, not in the memory of the host. */
const maxHandles = 10_000;
const maxNameLength = 4096;

interface Handle {
  readonly name: string;
  readonly access: KvAccess;
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
  #lastPast = 0;

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
    this.#handles.push({ name, access: this.#accessOf(name) });
    this.#byName.set(name, handle);
    return handle;
  }

  /** The map, when the script may do this with it in its role. */
  use(number: number, operation: KvOperation): KvMap {
    const past = number < 0 ? this.#session.call.pastHandles.get(number) : undefined;
    const handle = past ?? this.#handles[number];
    if (handle === undefined) throw new ScriptThrow('Error', notThere);
    if (!allowsOperation(handle.access, operation)) {
      throw new ScriptThrow('TypeError', this.#refusal(handle, operation, past !== undefined));
    }
    return past === undefined ? this.#map(number, handle) : this.#pastMap(past);
  }

  #accessOf(name: string): KvAccess {
    return kvAccess(contextOf(this.#session.role), name);
  }

  #openPast(number: number, name: string): number {
    const { states, pastHandles } = this.#session.call;
    const access = this.#accessOf(name) === 'inaccessible' ? 'inaccessible' : 'read-only';
    if (pastHandles.size >= maxHandles) throw new ScriptThrow('RangeError', 'Too many tables are open.');
    const state = states.get(number);
    this.#lastPast -= 1;
    // The state is of another call where the script has kept its tables: the number then means nothing.
    if (state !== undefined) pastHandles.set(this.#lastPast, { name, access, state, map: undefined });
    return this.#lastPast;
  }

  #map(number: number, { name }: Handle): KvMap {
    const { maps, transaction } = this.#session.call;
    return (maps[number] ??= transaction.map(name));
  }

  /** The tables of a state are built once in a call, when the first of them is read: a script may open thousands. */
  #pastMap(handle: PastHandle): KvMap {
    const { pastTables } = this.#session.call;
    const { state, name } = handle;
    if (handle.map === undefined) {
      const tables = pastTables.get(state) ?? state.begin(this.#session.checkTime);
      pastTables.set(state, tables);
      handle.map = tables.map(name);
    }
    return handle.map;
  }

  #refusal({ name, access }: Handle, operation: KvOperation, isPast: boolean): string {
    if (isPast && access === 'read-only') {
      return `Cannot call ${JSON.stringify(operation)} on table named ${name}. All tables are read-only during historical transaction.`;
    }
    return accessRefusal(contextOf(this.#session.role), name, operation);
  }
}
