import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import * as edl from '../src/index.ts';

const entry = edl.record({
  name: edl.string({ minBytes: 1, maxBytes: 64 }),
  digest: edl.bytes({ exactBytes: 4 }),
  body: edl.option(edl.bytes({ minBytes: 1, maxBytes: 300 })),
  tags: edl.array(edl.enumeration('red', 'green', 'blue'), { maxItems: 8 }),
});

const event = edl.union('kind', {
  nothing: edl.record({}),
  moved: edl.record({ from: edl.int32(), to: edl.option(edl.int64()), ratio: edl.float64() }),
  listed: edl.record({ entries: edl.array(entry, { maxItems: 1000 }), total: edl.bigint({ maxBytes: 40 }) }),
  nested: edl.record({
    maybe: edl.option(
      edl.union('type', {
        a: edl.record({ flag: edl.boolean() }),
        b: edl.record({ small: edl.int8(), port: edl.uint16() }),
      }),
    ),
  }),
});

/** Every kind of type, nested in every kind that nests. */
const everything = edl.record({
  version: edl.uint8(),
  wide: edl.int16(),
  size: edl.uint64(),
  events: edl.array(event, { minItems: 1, maxItems: 100 }),
  rows: edl.array(edl.array(edl.option(edl.uint32()), { maxItems: 4 }), { maxItems: 4 }),
  note: edl.option(edl.string({ maxBytes: 2000 })),
});

const first: edl.Infer<typeof everything> = {
  version: 1,
  wide: -2,
  size: 3n,
  events: [
    { kind: 'nothing' },
    { kind: 'moved', from: -5, to: -6n, ratio: Number.NaN },
    { kind: 'nested', maybe: { type: 'a', flag: true } },
  ],
  rows: [[1, undefined, 3], []],
  note: 'Grüße 😀 \ufeff and a text that is longer than what is read by hand',
};

const second: edl.Infer<typeof everything> = {
  version: 255,
  wide: 300,
  size: 2n ** 64n - 1n,
  events: [
    {
      kind: 'listed',
      entries: [
        { name: 'a', digest: Uint8Array.of(1, 2, 3, 4), body: new Uint8Array(200), tags: ['red', 'blue'] },
        { name: 'é'.repeat(20), digest: new Uint8Array(4), tags: [] },
      ],
      total: -(2n ** 300n),
    },
    { kind: 'nested', maybe: { type: 'b', small: -7, port: 443 } },
  ],
  rows: [],
};

export const seeds: readonly Uint8Array[] = [edl.encodeValue(everything, first), edl.encodeValue(everything, second)];

/** Input is refused with a typed error, or is the only encoding of what it decodes to. */
export function fuzz(data: Uint8Array): void {
  let value: edl.Infer<typeof everything>;
  try {
    value = edl.decodeValue(everything, data);
  } catch (error) {
    if (error instanceof EnclosError) return;
    throw error;
  }
  if (!equalBytes(edl.encodeValue(everything, value), data)) {
    throw new Error('Accepted bytes are not the canonical encoding of their value.');
  }
}
