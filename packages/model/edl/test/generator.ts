import * as fc from 'fast-check';
import * as edl from '../src/index.ts';

/** A random type, and values of it. */
export interface Sample {
  readonly type: edl.Type<edl.Value>;
  readonly values: fc.Arbitrary<unknown>;
}

const scalar = (type: edl.Type<edl.Value>, values: fc.Arbitrary<unknown>): fc.Arbitrary<Sample> =>
  fc.constant({ type, values });

const integers: readonly fc.Arbitrary<Sample>[] = [
  scalar(edl.uint8(), fc.integer({ min: 0, max: 0xff })),
  scalar(edl.uint16(), fc.integer({ min: 0, max: 0xffff })),
  scalar(edl.uint32(), fc.integer({ min: 0, max: 0xffff_ffff })),
  scalar(edl.int8(), fc.integer({ min: -0x80, max: 0x7f })),
  scalar(edl.int16(), fc.integer({ min: -0x8000, max: 0x7fff })),
  scalar(edl.int32(), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })),
  scalar(edl.uint64(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  scalar(edl.int64(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
];

const bigints = fc.integer({ min: 1, max: 200 }).map((maxBytes) => {
  const max = 2n ** BigInt(8 * maxBytes) - 1n;
  return { type: edl.bigint({ maxBytes }), values: fc.bigInt({ min: -max, max }) };
});

/** A lower and an upper bound. */
const range = (max: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.nat(max), fc.nat(max)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);

const strings = range(200).map(([minBytes, maxBytes]) => ({
  type: edl.string({ minBytes, maxBytes }),
  values: fc.string({ unit: 'binary', maxLength: maxBytes }).map((text) => fitText(text, minBytes, maxBytes)),
}));

function fitText(text: string, minBytes: number, maxBytes: number): string {
  const points = Array.from(text);
  while (Buffer.byteLength(points.join('')) > maxBytes) points.pop();
  const fitted = points.join('');
  return fitted + 'x'.repeat(Math.max(0, minBytes - Buffer.byteLength(fitted)));
}

const byteStrings = range(200).map(([minBytes, maxBytes]) => ({
  type: edl.bytes({ minBytes, maxBytes }),
  values: fc.uint8Array({ minLength: minBytes, maxLength: maxBytes }),
}));

const exactByteStrings = fc.integer({ min: 1, max: 64 }).map((exactBytes) => ({
  type: edl.bytes({ exactBytes }),
  values: fc.uint8Array({ minLength: exactBytes, maxLength: exactBytes }),
}));

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,9}$/).map((text) => `${text}_`);
const names = (minLength: number): fc.Arbitrary<readonly string[]> => fc.uniqueArray(name, { minLength, maxLength: 4 });

const enumerations = names(1).map((words) => {
  const [first = '', ...rest] = words;
  return { type: edl.enumeration(first, ...rest), values: fc.constantFrom(...words) };
});

const leaves = fc.oneof(
  scalar(edl.boolean(), fc.boolean()),
  scalar(edl.float64(), fc.double()),
  ...integers,
  bigints,
  strings,
  byteStrings,
  exactByteStrings,
  enumerations,
);

interface RecordSample extends Sample {
  readonly type: edl.RecordType<edl.Fields>;
  readonly values: fc.Arbitrary<Readonly<Record<string, unknown>>>;
}

function records(depth: number, minFields: number): fc.Arbitrary<RecordSample> {
  const members = names(minFields).chain((keys) =>
    fc.tuple(...keys.map((key) => samples(depth).map((sample) => [key, sample] as const))),
  );
  return members.map((fields) => ({
    type: edl.record(Object.fromEntries(fields.map(([key, { type }]) => [key, type]))),
    values: fc
      .record(Object.fromEntries(fields.map(([key, { values }]) => [key, values])))
      .map((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))),
  }));
}

function unions(depth: number): fc.Arbitrary<Sample> {
  const members = names(1).chain((keys) =>
    fc.tuple(...keys.map((key) => records(depth, 0).map((sample) => [key, sample] as const))),
  );
  // Generated names end in an underscore, so the tag is never one of them.
  return members.map((variants) => ({
    type: edl.union('kind', Object.fromEntries(variants.map(([key, { type }]) => [key, type]))),
    values: fc.oneof(...variants.map(([key, { values }]) => values.map((value) => ({ kind: key, ...value })))),
  }));
}

function arrays(depth: number): fc.Arbitrary<Sample> {
  return fc.tuple(samples(depth), range(5)).map(([{ type, values }, [minItems, maxItems]]) => ({
    type: edl.array(type, { minItems, maxItems }),
    values: fc.array(values, { minLength: minItems, maxLength: maxItems }),
  }));
}

function options(depth: number): fc.Arbitrary<Sample> {
  const present = samples(depth).filter(({ type }) => type.kind !== 'option');
  return present.map(({ type, values }) => ({
    // Not an option, so its values are never undefined.
    type: edl.option(type as edl.Type<NonNullable<unknown>>),
    values: fc.option(values, { nil: undefined }),
  }));
}

/** Types at most `depth` composites deep, none of which can be empty. */
export function samples(depth: number): fc.Arbitrary<Sample> {
  if (depth === 0) return leaves;
  const inner = depth - 1;
  return fc.oneof(leaves, arrays(inner), options(inner), records(inner, 1), unions(inner));
}
