import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { createGzip } from 'node:zlib';
import { capabilities, member, objectOf, type Attempts } from '../stolen.ts';
import { authorityIn, type Found } from './graph.ts';

/** Makes the interpreter work while something of the language is not what it was. */
async function exercise(): Promise<void> {
  const emitter = new EventEmitter();
  for (let i = 0; i < 12; i += 1) emitter.on('event', () => undefined);
  emitter.emit('event', 1, 2);
  inspect({ process, console, map: new Map([[1, { a: [2] }]]) }, { depth: 4, showHidden: true });
  setImmediate(() => emitter.emit('done', 1));
  await once(emitter, 'done');
  await pipeline(Readable.from(['a', 'b']), createGzip(), async (source) => {
    for await (const chunk of source) void chunk;
  });
  await new Response('text').text();
  console.log('text', [1, 2]);
  capabilities().gate.emit('drain');
}

/** Replaces a member, exercises the interpreter, and puts it back. @returns paths to authority in what was seen. */
async function seenThrough(on: object, name: PropertyKey, replace: (seen: Found[], original: unknown) => unknown) {
  const before = Reflect.getOwnPropertyDescriptor(on, name);
  const seen: Found[] = [];
  const value = replace(seen, before?.value);
  if (!Reflect.defineProperty(on, name, { value, writable: true, configurable: true })) return undefined;
  try {
    await exercise();
  } catch {
    // What it saw before that is what counts.
  } finally {
    if (before === undefined) Reflect.deleteProperty(on, name);
    else Reflect.defineProperty(on, name, before);
  }
  return authorityIn(seen);
}

/** A method that keeps what it is called on and with. */
function watched(seen: Found[], original: unknown): unknown {
  return function (this: unknown, ...args: readonly unknown[]): unknown {
    for (const value of [this, ...args]) {
      if (seen.length < 2000) seen[seen.length] = { object: Object(value) as object, path: 'seen' };
    }
    return Reflect.apply(original as () => unknown, this, args as []);
  };
}

const prototypes: Readonly<Record<string, object>> = {
  Promise: Promise.prototype,
  Error: Error.prototype,
  TypeError: TypeError.prototype,
  RegExp: RegExp.prototype,
  String: String.prototype,
  Number: Number.prototype,
  Boolean: Boolean.prototype,
  Symbol: Symbol.prototype,
  BigInt: BigInt.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  WeakMap: WeakMap.prototype,
  Date: Date.prototype,
  ArrayBuffer: ArrayBuffer.prototype,
  SharedArrayBuffer: SharedArrayBuffer.prototype,
  DataView: DataView.prototype,
  Uint8Array: Uint8Array.prototype,
  'typed arrays': objectOf(Reflect.getPrototypeOf(Uint8Array.prototype)),
  iterators: objectOf(Reflect.getPrototypeOf(objectOf(Reflect.getPrototypeOf([][Symbol.iterator]())))),
  'array iterators': objectOf(Reflect.getPrototypeOf([][Symbol.iterator]())),
  'asynchronous functions': objectOf(Reflect.getPrototypeOf(async () => undefined)),
  generators: objectOf(Reflect.getPrototypeOf(function* () {})),
  'generator objects': objectOf(
    member(
      Reflect.getPrototypeOf(function* () {}),
      'prototype',
    ),
  ),
  'asynchronous generators': objectOf(Reflect.getPrototypeOf(async function* () {})),
};

const methods: readonly (readonly [string, object, PropertyKey])[] = [
  ['Promise.prototype.then', Promise.prototype, 'then'],
  ['Promise.prototype.catch', Promise.prototype, 'catch'],
  ['Array.prototype.push', Array.prototype, 'push'],
  ['Array.prototype.slice', Array.prototype, 'slice'],
  ['Array.prototype.map', Array.prototype, 'map'],
  ['Array.prototype.forEach', Array.prototype, 'forEach'],
  ['Array.prototype[Symbol.iterator]', Array.prototype, Symbol.iterator],
  ['Map.prototype.get', Map.prototype, 'get'],
  ['Map.prototype.set', Map.prototype, 'set'],
  ['Set.prototype.add', Set.prototype, 'add'],
  ['WeakMap.prototype.set', WeakMap.prototype, 'set'],
  ['String.prototype.split', String.prototype, 'split'],
  ['RegExp.prototype.exec', RegExp.prototype, 'exec'],
  ['Function.prototype.toString', Function.prototype, 'toString'],
  ['Object.prototype.hasOwnProperty', Object.prototype, 'hasOwnProperty'],
  ['Object.prototype.toString', Object.prototype, 'toString'],
  ['Object.defineProperty', Object, 'defineProperty'],
  ['Object.assign', Object, 'assign'],
  ['Object.create', Object, 'create'],
  ['Object.keys', Object, 'keys'],
  ['Object.setPrototypeOf', Object, 'setPrototypeOf'],
  ['Reflect.apply', Reflect, 'apply'],
  ['Reflect.construct', Reflect, 'construct'],
  ['Symbol.for', Symbol, 'for'],
  ['JSON.stringify', JSON, 'stringify'],
  ['EventEmitter.init', EventEmitter, 'init'],
  ['EventEmitter.prototype.on', EventEmitter.prototype, 'on'],
];

/** The language itself, changed under the interpreter's own code. */
export const intrinsicAttempts: Attempts = {
  ...Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [
      `a getter on the prototype of ${name}`,
      () => (Object.isExtensible(prototype) ? 'it takes members' : undefined),
    ]),
  ),
  ...Object.fromEntries(
    methods.map(([name, on, method]) => [`what another ${name} sees`, () => seenThrough(on, method, watched)]),
  ),
  'what Symbol.species of arrays sees': () =>
    seenThrough(Array.prototype, 'constructor', (seen) => ({
      [Symbol.species]: function (length: number): unknown[] {
        const made = Array.from({ length });
        if (seen.length < 2000) seen[seen.length] = { object: made, path: 'array' };
        return made;
      },
    })),
  'what Symbol.species of promises sees': () =>
    seenThrough(Promise.prototype, 'constructor', (seen) => ({
      [Symbol.species]: class extends Promise<unknown> {
        constructor(executor: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void) {
          super(executor);
          if (seen.length < 2000) seen[seen.length] = { object: executor, path: 'executor' };
        }
      },
    })),
  'what Error.captureStackTrace sees': () => seenThrough(Error, 'captureStackTrace', watched),
  'what Error.prepareStackTrace sees': () =>
    seenThrough(Error, 'prepareStackTrace', (seen) => (error: unknown, sites: readonly NodeJS.CallSite[]) => {
      for (const site of sites) {
        for (const value of [site.getFunction(), site.getThis()]) {
          if (value !== undefined && seen.length < 2000) seen[seen.length] = { object: objectOf(value), path: 'site' };
        }
      }
      return String(error);
    }),
  'what a finalization registry sees': async () => {
    const seen: Found[] = [];
    const registry = new FinalizationRegistry(function (this: unknown, held: unknown) {
      seen.push(...[this, held].map((value) => ({ object: objectOf(value), path: 'registry' })));
    });
    for (let i = 0; i < 1000; i += 1) registry.register({ i }, {});
    await new Promise((done) => setTimeout(done, 20));
    return authorityIn(seen);
  },
};
