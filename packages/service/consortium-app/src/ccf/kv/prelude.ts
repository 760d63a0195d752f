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
  has(key) {
    count(arguments.length, 1, 1);
    return host.kvHas(this.#handle, needBuffer(key, 'Argument must be an ArrayBuffer'));
  }
  get(key) {
    count(arguments.length, 1, 1);
    return host.kvGet(this.#handle, needBuffer(key, 'Argument must be an ArrayBuffer'));
  }
  getVersionOfPreviousWrite(key) {
    count(arguments.length, 1, 1);
    return host.kvVersion(this.#handle, needBuffer(key, 'Argument must be an ArrayBuffer'));
  }
  set(key, value) {
    count(arguments.length, 2, 2);
    if (!isBuffer(key) || !isBuffer(value)) throw new TypeFailure('Arguments must be ArrayBuffers');
    host.kvSet(this.#handle, key, value);
    return this;
  }
  delete(key) {
    count(arguments.length, 1, 1);
    host.kvDelete(this.#handle, needBuffer(key, 'Argument must be an ArrayBuffer'));
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
