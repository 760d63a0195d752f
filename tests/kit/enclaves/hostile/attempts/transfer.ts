import { call, member, objectOf, requireOf, type Attempts } from '../stolen.ts';
import { authorityIn } from './graph.ts';
import { realProcess } from './process.ts';

/** The symbols of the interpreter's own protocol for clones, which anybody finds on a `Blob`. */
function protocol(name: 'clone' | 'deserialize' | 'transfer', of: unknown): symbol | undefined {
  for (let at = objectOf(of); at !== null; at = Reflect.getPrototypeOf(at) as object) {
    const found = Object.getOwnPropertySymbols(at).find(
      ({ description }) => description === `messaging_${name}_symbol`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An object that says of itself which module and class of the interpreter it has to be made from again. */
function forged(spec: string, data: unknown): object {
  const blob = new Blob(['x']);
  const clone = protocol('clone', blob);
  if (clone === undefined) throw new Error('Nothing says how a blob is cloned.');
  Object.defineProperty(blob, clone, { value: () => ({ data, deserializeInfo: spec }) });
  return blob;
}

/** Gives a way through which a forged object goes, and what came out of it. */
const ways: Readonly<Record<string, (value: object) => unknown>> = {
  structuredClone: (value) => call(member(globalThis, 'structuredClone'), undefined, value),
  'performance.mark': (value) => performance.mark('forged', { detail: value }).detail,
  'performance.measure': (value) => performance.measure('forged', { start: 0, end: 1, detail: value }).detail,
  'a cloning tee': async (value) => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(value);
        controller.close();
      },
    });
    return orUncaught(async () => {
      const branches = call(requireOf('stream/web')['ReadableStreamTee'], undefined, stream, true);
      return (await (member(branches, 1) as ReadableStream<unknown>).getReader().read()).value;
    });
  },
};

/** What an attempt gives, or the error that the interpreter throws at nobody in its place. */
async function orUncaught<T>(attempt: () => Promise<T>): Promise<T> {
  const real = await realProcess();
  let listener: unknown;
  const uncaught = new Promise<never>((_, reject) => {
    listener = reject;
    call(member(real, 'on'), real, 'uncaughtException', listener);
  });
  try {
    return await Promise.race([attempt(), uncaught]);
  } finally {
    call(member(real, 'removeListener'), real, 'uncaughtException', listener);
  }
}

/** Its class and members tell whether it is one of the interpreter's own. */
function madeFrom(value: unknown): unknown {
  return value === undefined ? undefined : authorityIn([{ object: objectOf(value), path: 'made' }]);
}

async function forge(way: (value: object) => unknown, spec: string, data: unknown): Promise<unknown> {
  return madeFrom(await way(forged(spec, data)));
}

const file = ['internal/fs/promises:FileHandle', { handle: { fd: 0 } }] as const;

function portOf(object: object): unknown {
  const transfer = protocol('transfer', object);
  if (transfer === undefined) throw new Error('It cannot be transferred.');
  return member(call(Reflect.get(object, transfer), object), 'data');
}

export const transferAttempts: Attempts = {
  ...Object.fromEntries(
    Object.entries(ways).map(([name, way]) => [`a file handle by ${name}`, () => forge(way, ...file)]),
  ),
  'a server of the network by structuredClone': () =>
    forge((value) => structuredClone(value), 'net:Server', { handle: null }),
  'a class of the interpreter that is taught to be cloned': () => {
    const emitter = member(requireOf('events'), 'EventEmitter', 'prototype') as object;
    const name = protocol('deserialize', new Blob([]));
    if (name === undefined) throw new Error('There is no protocol.');
    const seen: unknown[] = [];
    Reflect.set(emitter, name, function (this: unknown) {
      seen.push(this);
    });
    try {
      structuredClone(forged('http:Agent', {}));
    } finally {
      Reflect.deleteProperty(emitter, name);
    }
    return seen[0];
  },
  'a module of the interpreter': () => {
    try {
      return structuredClone(forged('child_process:nothing', {}));
    } catch (error) {
      // This word is said after the module was loaded.
      return /Unknown deserialize spec/.test(String(error)) ? 'loaded' : undefined;
    }
  },
  'a message port of a readable stream': () => portOf(new ReadableStream()),
  'a message port of a writable stream': () => portOf(new WritableStream()),
  'a message port of a transform stream': () => portOf(new TransformStream()),
  'a message port of an abort signal': () => {
    const controller = call(requireOf('util')['transferableAbortController'], undefined);
    return portOf(member(controller, 'signal') as object);
  },
};
