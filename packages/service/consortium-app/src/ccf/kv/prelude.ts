/**
 * `ccf.kv` and the `kv` of a state of the past: objects on which every name is a table. A handle stays good in later requests of an
 * interpreter that is reused, as in CCF: applications make them when their modules are evaluated.
 */
export const kvPrelude = `
const splitEntry = (packed, offset) => {
  const view = new Numbers(packed);
  const keyLength = apply(readUint32, view, [offset, true]), valueLength = apply(readUint32, view, [offset + 4, true]);
  const keyAt = offset + 8, valueAt = keyAt + keyLength, next = valueAt + valueLength;
  return {
    __proto__: null, key: apply(sliceBuffer, packed, [keyAt, valueAt]), value: apply(sliceBuffer, packed, [valueAt, next]), next,
  };
};
class KvMapHandle {
  #handle;
  constructor(handle) { this.#handle = handle; }
  has(...given) {
    if (given.length !== 1) count(given.length, 1, 1);
    try { return host.kvHas(this.#handle, given[0]); } catch (error) { throw explain(error, noBuffer, given[0]); }
  }
  get(...given) {
    if (given.length !== 1) count(given.length, 1, 1);
    try { return host.kvGet(this.#handle, given[0]); } catch (error) { throw explain(error, noBuffer, given[0]); }
  }
  getVersionOfPreviousWrite(...given) {
    if (given.length !== 1) count(given.length, 1, 1);
    try { return host.kvVersion(this.#handle, given[0]); } catch (error) { throw explain(error, noBuffer, given[0]); }
  }
  set(...given) {
    if (given.length !== 2) count(given.length, 2, 2);
    try {
      host.kvSet(this.#handle, given[0], given[1]);
    } catch (error) {
      throw explain(error, 'Arguments must be ArrayBuffers', given[0], given[1]);
    }
    return this;
  }
  delete(...given) {
    if (given.length !== 1) count(given.length, 1, 1);
    try { host.kvDelete(this.#handle, given[0]); } catch (error) { throw explain(error, noBuffer, given[0]); }
  }
  clear() {
    count(arguments.length, 0, 0);
    host.kvClear(this.#handle);
  }
  forEach(visit) {
    count(arguments.length, 1, 1);
    if (typeof visit !== 'function') throw new TypeFailure('Argument must be a function');
    const iteration = host.kvEach(this.#handle);
    try {
      for (;;) {
        const packed = host.kvEachNext(iteration);
        if (packed === undefined) return;
        const length = apply(byteLengthOf, packed, []);
        for (let offset = 0; offset < length;) {
          const entry = splitEntry(packed, offset);
          apply(visit, undefined, [entry.value, entry.key, this]);
          offset = entry.next;
        }
      }
    } finally {
      host.kvEachEnd(iteration);
    }
  }
  get size() { return host.kvSize(this.#handle); }
}
freeze(KvMapHandle.prototype);
const tables = (state) => new Wrapped(createObject(null), {
  __proto__: null,
  get: (target, name) => typeof name === 'string' ? new KvMapHandle(host.kvOpen(state, name)) : undefined,
  has: (target, name) => typeof name === 'string',
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
});
ccf.kv = tables(-1);
`;
