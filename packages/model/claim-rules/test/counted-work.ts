/** What the built-ins of the language did while something ran. */
export interface CountedWork {
  /** Characters that were looked at or made, and items that were moved. */
  readonly operations: number;
  /** Lookups in sets and maps by numbers, which V8 hashes without a seed. */
  readonly lookupsByNumber: number;
}

type Count = (self: unknown, inputs: readonly unknown[], result: unknown) => number;

const size = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : 1);
const both: Count = (self, _, result) => size(self) + size(result);
/** Nothing better is promised of a search by ECMAScript. */
const product: Count = (self, [pattern]) => size(self) * Math.max(1, size(pattern));

/** The same for what lies before the place that is found. */
const upToFound: Count = (self, [pattern, from = 0], result) => {
  const end = Number(result) < 0 ? size(self) : Number(result);
  return (end - Number(from) + 1) * Math.max(1, size(pattern));
};

/** What a call of each built-in is counted as. */
const counts: readonly (readonly [object, Readonly<Record<string, Count>>])[] = [
  [
    String.prototype,
    {
      charCodeAt: () => 1,
      codePointAt: () => 1,
      at: () => 1,
      slice: (_self, _, result) => size(result),
      startsWith: (_self, [start]) => size(start),
      endsWith: (_self, [end]) => size(end),
      includes: product,
      indexOf: upToFound,
      lastIndexOf: product,
      search: product,
      split: both,
      replace: both,
      replaceAll: both,
      toLowerCase: both,
      toUpperCase: both,
      localeCompare: both,
      normalize: both,
      trim: both,
      trimStart: both,
      repeat: both,
      padStart: both,
    },
  ],
  [
    Array.prototype,
    {
      push: (_self, inputs) => inputs.length,
      slice: (_self, _, result) => size(result),
      map: both,
      filter: both,
      flatMap: both,
      toReversed: both,
      toSorted: both,
      // An array of parts: the text that comes of it is made here.
      join: both,
      includes: (self) => size(self),
      indexOf: upToFound,
      find: (self) => size(self),
      every: (self) => size(self),
      some: (self) => size(self),
      reduce: (self) => size(self),
    },
  ],
  [RegExp.prototype, { exec: (_self, _, result) => 1 + size(Array.isArray(result) ? result[0] : undefined) }],
  [
    Map.prototype,
    { get: (_self, [key]) => size(key), set: (_self, [key]) => size(key), has: (_self, [key]) => size(key) },
  ],
  [Set.prototype, { add: (_self, [key]) => size(key), has: (_self, [key]) => size(key) }],
  [JSON, { stringify: (_self, _, result) => size(result), parse: (_self, [text]) => size(text) }],
  [Array, { from: (_self, _, result) => size(result) }],
];

/** Counts what the built-ins do while `run` runs, which must not wait for anything. */
export function countWork(run: () => void): CountedWork {
  let [operations, lookupsByNumber] = [0, 0];
  const restore: (() => void)[] = [];
  // The bookkeeping uses none of what it replaces.
  for (const [owner, methods] of counts) {
    for (const [name, count] of Object.entries(methods)) {
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      const original: unknown = descriptor?.value;
      if (descriptor === undefined || typeof original !== 'function') throw new Error(`There is no ${name}.`);
      const isLookup = owner === Map.prototype || owner === Set.prototype;
      restore[restore.length] = () => Object.defineProperty(owner, name, descriptor);
      Object.defineProperty(owner, name, {
        ...descriptor,
        value(this: unknown, ...inputs: unknown[]): unknown {
          const result: unknown = Reflect.apply(original, this, inputs);
          operations += count(this, inputs, result);
          if (isLookup && typeof inputs[0] === 'number') lookupsByNumber += 1;
          return result;
        },
      });
    }
  }
  try {
    run();
  } finally {
    for (const each of restore) each();
  }
  return { operations, lookupsByNumber };
}
