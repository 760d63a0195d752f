import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { capabilities, requireOf, type Attempts } from '../stolen.ts';

/** Names that only things with authority over the machine have. */
const forbidden = new Set(
  (
    'binding internalBinding _linkedBinding dlopen getBuiltinModule execve spawn spawnSync execFile fork readFileSync openSync ' +
    'writeFileSync createServer createConnection Socket Server Pipe TCP UDP Worker fetch WebSocket EventSource Agent Pool Client ' +
    'ProxyAgent dispatch setEngine createRequire runInThisContext Script lookup writeHeapSnapshot loadEnvFile writeReport ' +
    'createHook executionAsyncResource MessagePort MessageChannel setegid setuid kill chdir FileHandle ChildProcess Session'
  ).split(' '),
);
const modules =
  'assert buffer crypto events path querystring stream stream/consumers stream/promises stream/web string_decoder timers ' +
  'timers/promises tls url util util/types zlib async_hooks';
const mostObjects = 100_000;

export interface Found {
  readonly object: object;
  readonly path: string;
}

/** Everything that own members and prototypes lead to. Accessors are read where reading them works. */
function walk(roots: readonly Found[]): readonly string[] {
  const seen = new Set<object>();
  const queue = [...roots];
  const hits: string[] = [];
  for (let next = queue.pop(); next !== undefined && seen.size < mostObjects; next = queue.pop()) {
    const { object, path } = next;
    if (seen.has(object)) continue;
    seen.add(object);
    if (typeof object === 'function' && forbidden.has(object.name)) hits.push(path);
    const prototype = Reflect.getPrototypeOf(object);
    if (prototype !== null) queue.push({ object: prototype, path: `${path}^` });
    for (const key of Reflect.ownKeys(object)) {
      for (const value of valuesAt(object, key)) queue.push({ object: value, path: `${path}.${String(key)}` });
    }
  }
  if (seen.size >= mostObjects) hits.push('the walk did not end');
  return hits;
}

function valuesAt(object: object, key: PropertyKey): readonly object[] {
  try {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
    const value: unknown = Reflect.get(object, key);
    // A getter on another object than its own may answer with a refusal.
    if (value instanceof Promise) value.catch(() => undefined);
    return [value, descriptor?.get, descriptor?.set].filter(isObject);
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) || typeof value === 'function';
}

function tlsSocket(): TLSSocket {
  return new TLSSocket(new Duplex({ read() {} }), { isServer: true, secureContext: createSecureContext({ ca: [] }) });
}

/** The paths below some objects to things with authority. */
export function authorityIn(roots: readonly Found[]): string | undefined {
  const hits = walk(roots);
  return hits.length === 0 ? undefined : hits.slice(0, 40).join(', ');
}

export const graphAttempts: Attempts = {
  'authority anywhere within reach': () => {
    const roots: Found[] = [
      { object: globalThis, path: 'globalThis' },
      { object: capabilities(), path: 'capabilities' },
      { object: new Request('http://127.0.0.1:1/'), path: 'request' },
      { object: new Response('text'), path: 'response' },
      { object: tlsSocket(), path: 'TLS socket' },
      { object: setTimeout(() => undefined, 0), path: 'timeout' },
      { object: setImmediate(() => undefined), path: 'immediate' },
      ...modules.split(' ').map((name) => ({ object: requireOf(name), path: name })),
    ];
    return authorityIn(roots);
  },
};
