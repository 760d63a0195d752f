import type { Internals } from './modules.ts';

/**
 * The interpreter's native classes and functions. Once nothing is left on them, it does not matter which JavaScript code of the
 * interpreter holds them, or how a bundle might reach that code. Like the functions of authority.ts these are turned
 * into text on their own, and must not refer to anything outside themselves.
 */

/**
 * An object of the interpreter's own classes can name, in its clone, the module and class from which it is to be rebuilt and,
 * in its transfer, the message ports that go with it. Any code can forge these names, so the interpreter rebuilds no such
 * object, and no class transfers anything.
 */
export function stripClones({ internalBinding, BuiltinModule }: Internals): void {
  const create: unknown = Reflect.get(internalBinding('messaging'), 'setDeserializerCreateObjectFunction');
  if (typeof create !== 'function') throw new Error('The interpreter makes clones in another way.');
  Reflect.apply(create, undefined, [
    () => {
      throw new DOMException('An enclave clones plain values only.', 'DataCloneError');
    },
  ]);
  const symbols = internalBinding('symbols');
  const names = Reflect.ownKeys(symbols).filter((name) => String(name).startsWith('messaging_transfer'));
  const protocol = names.map((name) => Reflect.get(symbols, name) as symbol);
  if (protocol.length !== 2) throw new Error('The interpreter transfers objects in another way.');
  const modules =
    'internal/webstreams/readablestream internal/webstreams/writablestream internal/webstreams/transformstream ' +
    'internal/abort_controller internal/fs/promises net';
  const classes = modules.split(' ').flatMap((id) => {
    const found = BuiltinModule.map.get(id);
    if (found === undefined) throw new Error(`The interpreter has no module ${id}.`);
    return found.loaded ? Object.values(Object.getOwnPropertyDescriptors(found.exports as object)) : [];
  });
  for (const { value } of classes) {
    const prototype: unknown = typeof value === 'function' ? Reflect.get(value, 'prototype') : undefined;
    if (typeof prototype !== 'object' || prototype === null) continue;
    for (const symbol of protocol) {
      if (!Reflect.deleteProperty(prototype, symbol)) throw new Error('The interpreter keeps transfers.');
    }
  }
}

/** Writes to standard error, even after everything else that writes is gone. */
export function openReport(require: NodeJS.Require): (text: string) => void {
  const { internalBinding } = require('internal/test/binding') as Pick<Internals, 'internalBinding'>;
  const write: unknown = Reflect.get(internalBinding('fs'), 'writeString');
  if (typeof write !== 'function') throw new Error('The interpreter writes in another way.');
  return (text) => {
    Reflect.apply(write, undefined, [2, text, null, 'utf8', undefined, {}]);
  };
}

/**
 * A buffer into which native code reads for as long as the enclave runs. Native code keeps its address, and the bundle gets views
 * of it: a bundle that detached it (`transfer`) could free it and have the next message written into other memory of the
 * process. The memory of WebAssembly can be detached only by the object that is dropped here.
 */
export function fixedBuffer(sizeBytes: number): Uint8Array {
  // The types of the language do not have it.
  const { Memory } = Reflect.get(globalThis, 'WebAssembly') as {
    readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
      readonly buffer: ArrayBuffer;
    };
  };
  const pages = Math.ceil(sizeBytes / 65_536);
  return new Uint8Array(new Memory({ initial: pages, maximum: pages }).buffer, 0, sizeBytes);
}

/** What {@link stripNatives} leaves: functions and classes of parts, and methods of classes. */
export function keptNatives(): Readonly<Record<string, string>> {
  return {
    // The gate is a pipe or a connection by TCP, whose bytes go through methods of a class that these inherit from.
    tcp_wrap: 'setNoDelay setKeepAlive',
    pipe_wrap: '',
    udp_wrap: '',
    tty_wrap: '',
    js_udp_wrap: '',
    process_wrap: '',
    spawn_sync: '',
    fs: '',
    fs_dir: '',
    fs_event_wrap: '',
    cares_wrap: 'canonicalizeIP',
    worker: '',
    messaging: 'DOMException structuredClone',
    inspector: 'consoleCall isEnabled',
    wasi: '',
    heap_utils: '',
    modules: '',
    process_methods: 'hrtime hrtimeBigInt',
    os: '',
    credentials: '',
    report: '',
    signal_wrap: '',
    mksnapshot: '',
    profiler: '',
    watchdog: '',
    http_parser: '',
    block_list: '',
    v8: 'updateHeapStatisticsBuffer',
    module_wrap: '',
    // The script that runs the bundle is an object of this class.
    contextify: 'ContextifyScript',
    sea: '',
    trace_events: 'trace isTraceCategoryEnabled getCategoryEnabledBuffer',
    http2: '',
    tls_wrap: '',
    js_stream: '',
  };
}

/**
 * Everything native that reaches out of the process, into another thread, or around the loader. This does not depend on what a
 * bundle names: classes lose their methods, for all code that holds the class, and parts lose their functions, for all code
 * that holds the part.
 *
 * @param kept the parts, and the names that stay in each.
 * @param remaining parts that are left as they are.
 */
export function stripNatives(
  { internalBinding }: Internals,
  kept: Readonly<Record<string, string>>,
  remaining: readonly string[],
): void {
  // The part that takes 2 ms to load is stripped only if an HTTP client has loaded it. Its objects send through sockets.
  const loaded = Reflect.get(process, 'moduleLoadList') as readonly string[];
  const isWithinReach = (part: string): boolean => part !== 'http2' || loaded.includes('Internal Binding http2');

  const strip = (object: object, but: ReadonlySet<string>, what: string): void => {
    for (const key of Reflect.ownKeys(object)) {
      const value: unknown = Reflect.getOwnPropertyDescriptor(object, key)?.value;
      // Accessors return only numbers, and a handle's own socket.
      if (typeof value !== 'function' || but.has(String(key))) continue;
      // Symbols hold the interpreter's own JavaScript functions, which call the methods.
      if (Reflect.deleteProperty(object, key) || typeof key === 'symbol') continue;
      throw new Error(`The interpreter keeps ${key} of ${what}.`);
    }
  };
  for (const [part, names] of Object.entries(kept)) {
    if (!isWithinReach(part) || remaining.includes(part)) continue;
    const but = new Set(names.split(' '));
    const binding = internalBinding(part);
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(binding))) {
      const prototype: unknown = typeof value === 'function' ? Reflect.get(value, 'prototype') : undefined;
      if (typeof prototype === 'object' && prototype !== null && !but.has(name)) strip(prototype, but, name);
    }
    strip(binding, but, part);
  }
}

/**
 * Native code tells a request that is done of its stream, by a member of the request (`oncomplete`). A bundle that came to the
 * class of requests could add that member for all of them, and would be told of streams that only the loader holds.
 */
export function closeRequests({ internalBinding }: Internals): void {
  const streams = internalBinding('stream_wrap');
  for (const name of ['WriteWrap', 'ShutdownWrap']) {
    const prototype: unknown = Reflect.get(Reflect.get(streams, name) as object, 'prototype');
    if (typeof prototype !== 'object' || prototype === null) throw new Error(`The interpreter has no ${name}.`);
    Object.freeze(prototype);
  }
}

/** Takes away the functions that load a shared library. */
export function stripEngines({ internalBinding }: Internals): void {
  const native = internalBinding('crypto') as { readonly SecureContext: { readonly prototype: object } };
  const strip = (object: object, name: string): void => {
    if (!Reflect.deleteProperty(object, name)) throw new Error(`The interpreter keeps ${name} of TLS.`);
  };
  const { prototype } = native.SecureContext;
  for (const name of ['setEngineKey', 'setClientCertEngine', 'constructor']) strip(prototype, name);
  for (const name of ['setEngine', 'setFipsCrypto']) strip(native, name);
}
