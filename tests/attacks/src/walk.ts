/**
 * Looks at every object that a bundle can come to. Each function is turned into text and runs inside an enclave, so it must
 * not refer to anything outside itself.
 */

/** An object, and the path to it. */
export interface Root {
  readonly value: unknown;
  readonly path: string;
}

export interface Walked {
  /** Paths to what must not be there. */
  readonly hits: readonly string[];
  /** The kinds of native handles (numbers of AsyncWrap's providers) that were found. */
  readonly handles: readonly number[];
  readonly objects: number;
}

/**
 * Follows own members of every kind, prototypes, accessors and what they answer on each object that inherits them.
 *
 * @param handle of the gate: every native handle inherits from the last of its prototypes before Object's.
 */
export function walk(roots: readonly Root[], handle: object): Walked {
  const { apply, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  // Functions of these names have authority, or load code. What is nameless has no power: powers have names in the interpreter.
  const functions = new Set(
    (
      'binding internalBinding _linkedBinding dlopen getBuiltinModule execve spawn spawnSync execFile fork readFileSync openSync ' +
      'writeFileSync createServer createConnection Socket Server Pipe TCP UDP TTY Process Worker fetch WebSocket EventSource Agent ' +
      'Pool Client ProxyAgent dispatch setEngine createRequire requireBuiltin compileForInternalLoader compileForPublicLoader ' +
      'BuiltinModule runInThisContext runInContext Script ContextifyScript lookup writeHeapSnapshot loadEnvFile writeReport createHook ' +
      'executionAsyncResource MessagePort MessageChannel BroadcastChannel setegid setuid kill chdir FileHandle ChildProcess Session ' +
      'WASI FSEvent StatWatcher ChannelWrap Http2Session JSUDPWrap ModuleWrap getaddrinfo openFileHandle readFileUtf8 startThread JSStream TLSWrap'
    ).split(' '),
  );
  // Methods of native handles, of which one is enough.
  const methods =
    'open bind6 connect connect6 listen fchmod recvStart setRawMode getWindowSize spawn startThread postMessage startProfile ' +
    'queryA getHostByAddr releaseFD path_open dispatch consume setEngineKey setClientCertEngine useUserBuffer';
  const handleMethods = methods.split(' ');
  let base = getPrototypeOf(handle);
  for (let at = base; at !== null && at !== Object.prototype; at = getPrototypeOf(at)) base = at;

  const seen = new Set<object>();
  const kinds = new Set<number>();
  const hits: string[] = [];
  const queue: Root[] = [...roots];
  const mostObjects = 150_000;
  const add = (value: unknown, path: string): void => {
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (isObject && !seen.has(value) && path.length < 400) queue[queue.length] = { value, path };
  };
  const read = (object: object, key: PropertyKey, path: string): void => {
    try {
      const value: unknown = get(object, key);
      // A refusal that nothing handles would end the enclave.
      if (value instanceof Promise) value.catch(() => undefined);
      add(value, path);
    } catch {
      // An accessor on another object than its own.
    }
  };
  const judge = (object: object, path: string, chain: readonly object[]): void => {
    const name = typeof object === 'function' ? getOwnPropertyDescriptor(object, 'name')?.value : undefined;
    if (functions.has(name as string)) hits[hits.length] = `${path} is ${String(name)}`;
    if (base === null || !chain.includes(base)) return;
    for (const method of handleMethods) {
      const found: unknown = chain.map((at) => getOwnPropertyDescriptor(at, method)?.value as unknown).find(Boolean);
      if (typeof found === 'function') hits[hits.length] = `${path} has ${method}`;
    }
    try {
      kinds.add(apply(get(object, 'getProviderType') as () => number, object, []));
    } catch {
      // A prototype, which is not a handle.
    }
  };
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { path } = next;
    // Only objects and functions are added.
    const object = next.value as object;
    if (typeof object !== 'function' && (typeof object !== 'object' || object === null)) continue;
    if (seen.has(object)) continue;
    seen.add(object);
    if (seen.size > mostObjects) {
      hits[hits.length] = 'the walk did not end';
      break;
    }
    try {
      const chain: object[] = [];
      for (let at: object | null = object; at !== null; at = getPrototypeOf(at)) chain[chain.length] = at;
      judge(object, path, chain);
      if (ArrayBuffer.isView(object)) continue;
      add(getPrototypeOf(object), `${path}^`);
      for (const at of chain) {
        for (const key of ownKeys(at)) {
          const descriptor = getOwnPropertyDescriptor(at, key);
          if (at !== object && descriptor?.get === undefined) continue;
          const isTransfer = typeof key === 'symbol' && key.description?.startsWith('messaging_transfer') === true;
          if (isTransfer) hits[hits.length] = `${path} transfers`;
          const to = `${path}.${String(key)}`;
          add(descriptor?.get, `${to}<get`);
          add(descriptor?.set, `${to}<set`);
          read(object, key, to);
        }
      }
      if (object instanceof Map) for (const key of object.keys()) add(key, `${path}{key}`);
      if (object instanceof Map) for (const value of object.values()) add(value, `${path}{value}`);
      if (object instanceof Set) for (const value of object) add(value, `${path}{value}`);
    } catch {
      // A proxy that refuses.
    }
  }
  return { hits: [...new Set(hits)].slice(0, 60), handles: [...kinds].sort((a, b) => a - b), objects: seen.size };
}

/** Replaces every function on some objects by one that tells what it is called on, with and answers. @returns puts them back. */
export function hook(targets: Readonly<Record<string, object>>, tell: (root: Root) => void): () => void {
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
  const restores: (() => void)[] = [];
  const originals = Object.entries(targets).flatMap(([name, on]) =>
    ownKeys(on).map((key) => ({ name: `${name}.${String(key)}`, on, key, before: getOwnPropertyDescriptor(on, key) })),
  );
  for (const { name, on, key, before } of originals) {
    const original: unknown = before?.value;
    if (typeof original !== 'function' || key === 'constructor' || before === undefined) continue;
    const spy = function (this: unknown, ...args: unknown[]): unknown {
      tell({ value: this, path: `${name}(this)` });
      for (let i = 0; i < args.length; i += 1) tell({ value: args[i], path: `${name}(${i})` });
      const answer: unknown = new.target === undefined ? apply(original, this, args) : construct(original, args);
      tell({ value: answer, path: `${name}()` });
      return answer;
    };
    if (typeof original === 'function' && 'prototype' in original) continue;
    if (defineProperty(on, key, { ...before, value: spy })) restores.push(() => defineProperty(on, key, before));
  }
  return () => {
    for (const restore of restores) restore();
  };
}
