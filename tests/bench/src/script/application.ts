import type { HostFunction, ScriptProgram } from '@enclos/script';

/** A small `ccf` global, over host functions that take and give text and bytes. */
const prelude = `(() => {
  const inside = host;
  class TableHandle {
    #name;
    constructor(name) { this.#name = name; }
    has(key) { return inside.has(this.#name, key); }
    get(key) { return inside.get(this.#name, key); }
    set(key, value) { inside.set(this.#name, key, value); return this; }
  }
  globalThis.ccf = {
    strToBuf: (text) => inside.encode(text),
    bufToStr: (bytes) => inside.decode(bytes),
    jsonCompatibleToBuf: (value) => inside.encode(JSON.stringify(value)),
    bufToJsonCompatible: (bytes) => JSON.parse(inside.decode(bytes)),
    kv: new Proxy({ __proto__: null }, { get: (_, name) => new TableHandle(name) }),
  };
  host.register('handle', (module, name, path, query, body) => {
    const headers = { 'content-type': 'application/json' };
    const request = { path, query, headers, params: { id: '7' }, body: { text: () => inside.decode(body), json: () => JSON.parse(inside.decode(body)) } };
    const { statusCode = 200, body: answer } = inside.import(module)[name](request);
    return statusCode + JSON.stringify(answer);
  });
})();`;

/** Its only module. */
export const application = `
export function post(request) {
  const { id, value } = request.body.json();
  const records = ccf.kv['records'];
  const key = ccf.strToBuf(id);
  const isNew = !records.has(key);
  const count = isNew ? 0 : ccf.bufToJsonCompatible(records.get(key)).count;
  records.set(key, ccf.jsonCompatibleToBuf({ value, count: count + 1 }));
  return { statusCode: isNew ? 201 : 200, body: { id, count } };
}

export function get(request) {
  const bytes = ccf.kv['records'].get(ccf.strToBuf(request.params.id));
  return bytes === undefined ? { statusCode: 404 } : { body: ccf.bufToJsonCompatible(bytes) };
}
`;

/** Node's own, on any bytes: a Buffer over them costs more than it does. */
const { utf8Slice } = Buffer.prototype as unknown as { utf8Slice: (this: Uint8Array) => string };

/** The store: a map by the text of keys. */
function storeFunctions(): Readonly<Record<string, HostFunction>> {
  const tables = new Map<unknown, Map<string, Uint8Array>>();
  const tableOf = (name: unknown) => {
    const table = tables.get(name) ?? new Map<string, Uint8Array>();
    tables.set(name, table);
    return table;
  };
  const bytesOf = (value: unknown) => value as Uint8Array;
  const textOf = (value: unknown) => utf8Slice.call(bytesOf(value));
  return {
    has: (name, key) => tableOf(name).has(textOf(key)),
    get: (name, key) => tableOf(name).get(textOf(key)),
    // Bytes are the host's to keep.
    set: (name, key, value) => {
      tableOf(name).set(textOf(key), bytesOf(value));
      return undefined;
    },
    encode: (text) => Buffer.from(String(text)),
    decode: (bytes) => textOf(bytes),
  };
}

export const modulePath = '/app.js';

/** The application for an engine. */
export function createProgram(): ScriptProgram {
  return {
    prelude: [{ name: 'prelude.js', source: prelude }],
    modules: [{ name: modulePath, source: application }],
    host: storeFunctions(),
  };
}
