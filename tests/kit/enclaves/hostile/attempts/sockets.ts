import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { call, capabilities, construct, member, objectOf, requireOf, type Attempts } from '../stolen.ts';

const gate = (): unknown => capabilities().gate;
const handle = (): unknown => member(gate(), '_handle');
const somewhere = { host: '127.0.0.1', port: 1 };

/** Every function below, by name, on the object and on everything that it inherits from. */
function functionsOf(object: unknown): readonly string[] {
  const names: string[] = [];
  for (
    let at = object;
    at !== null && at !== undefined && at !== Object.prototype;
    at = Reflect.getPrototypeOf(objectOf(at))
  ) {
    names.push(...Reflect.ownKeys(objectOf(at)).map(String));
  }
  return names;
}

const dangerous = new Set(['connect', 'bind', 'listen', 'open', 'fchmod']);

export function authorityOf(socket: unknown): string | undefined {
  const found = [socket, member(socket, '_handle')].flatMap(functionsOf).filter((name) => dangerous.has(name));
  return found.length === 0 ? undefined : found.join(' ');
}

/** Sees who a method of a shared prototype is called on, while the host is written to and answers. */
async function seenBy(prototype: object, method: string): Promise<readonly unknown[]> {
  const original: unknown = Reflect.get(prototype, method);
  const seen = new Set<unknown>();
  Reflect.set(prototype, method, function (this: unknown, ...args: readonly unknown[]): unknown {
    seen.add(this);
    return call(original, this, ...args);
  });
  try {
    await Promise.all(
      [capabilities().gate, capabilities().platform].map((stream) => {
        stream.emit('drain');
        stream.pause();
        stream.resume();
        return new Promise((resolve) => setTimeout(resolve, 10));
      }),
    );
  } finally {
    Reflect.set(prototype, method, original);
  }
  return [...seen];
}

/** What the sockets that the loader gives lead to. */
export const socketAttempts: Attempts = {
  'connect of the gate': () => call(member(gate(), 'connect'), gate(), somewhere),
  'a new socket of the gate': () => {
    const made = construct(member(gate(), 'constructor'));
    return call(member(made, 'connect'), made, somewhere);
  },
  'a new socket from the prototype': () => {
    const made = construct(member(Reflect.getPrototypeOf(objectOf(gate())), 'constructor'), { fd: 0 });
    return call(member(made, 'connect'), made, somewhere) ?? authorityOf(made);
  },
  'a new handle': () => {
    const made = construct(member(handle(), 'constructor'), 0);
    return made === undefined ? undefined : functionsOf(made).filter((name) => dangerous.has(name))[0];
  },
  'a listening handle': () => {
    const made = construct(member(handle(), 'constructor'), 1);
    return call(member(made, 'bind'), made, '/tmp/hostile.sock');
  },
  'another descriptor in the handle': () => call(member(handle(), 'open'), handle(), 5),
  'members of the gate': () => authorityOf(gate()),
  'members of the platform channel': () => authorityOf(capabilities().platform),
  'an async hook': () => call(member(requireOf('async_hooks'), 'createHook'), undefined, { init() {} }),
  'the resource of an execution': () => call(member(requireOf('async_hooks'), 'executionAsyncResource'), undefined),
  'a socket seen by emit': async () =>
    (await seenBy(EventEmitter.prototype, 'emit')).map(authorityOf).find((found) => found !== undefined),
  'a socket seen by pause': async () =>
    (await seenBy(Readable.prototype, 'pause')).map(authorityOf).find((found) => found !== undefined),
  'a context that carries a handle': async () => {
    const storage = new (requireOf('async_hooks')['AsyncLocalStorage'] as new () => { getStore(): unknown })();
    return storage.getStore();
  },
};
