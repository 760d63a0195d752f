import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { kinds } from '../../src/index.ts';
import { typeOf, type FieldType } from '../../src/schema/types.ts';
import { refusalsOf } from '../refusals-of.ts';

const texts = fc.constantFrom('', 'a', 'A b', '../x', '10.0.0.0/8', '* * * * *', 'a'.repeat(300), '5%', '1Ki', 'ä');

/** Values of the right shape for most fields, and of any shape for some. */
function valueOf(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, 1, -1, true, 'x', [], {}, [null], { a: null });
  if (depth > 7) return odd;
  const list = (item: FieldType): fc.Arbitrary<unknown> => fc.array(valueOf(item, depth + 1), { maxLength: 2 });
  const usual = ((): fc.Arbitrary<unknown> => {
    switch (type.of) {
      case 'scalar':
        return fc.oneof(texts, fc.constantFrom(0, 1, -1, 65_536, 2 ** 40), fc.boolean());
      case 'list':
        return list(type.item);
      case 'map':
        return fc.dictionary(texts, valueOf(type.item, depth + 1), { maxKeys: 2 });
      case 'object':
        return objectOf(type.type, depth + 1);
    }
  })();
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

function objectOf(name: string, depth: number): fc.Arbitrary<unknown> {
  const fields = [...(typeOf(name)?.fields ?? [])];
  return fc.uniqueArray(fc.nat({ max: Math.max(0, fields.length - 1) }), { maxLength: 4 }).chain((chosen) =>
    fc.record(
      Object.fromEntries(
        chosen.flatMap((index) => {
          const field = fields[index];
          return field === undefined ? [] : [[field[0], valueOf(field[1].type, depth)]];
        }),
      ),
    ),
  );
}

describe('checkObject()', () => {
  it('takes objects of any shape of every kind without throwing', () => {
    const anyObject = fc
      .constantFrom(...kinds)
      .chain(({ apiVersion, kind, type }) =>
        objectOf(type, 0).map((body) => JSON.stringify({ ...(body as object), apiVersion, kind })),
      );
    fc.assert(
      fc.property(anyObject, (text) => {
        for (const { code, text: words } of refusalsOf(text)) assert.ok(code !== '' && words !== '');
      }),
      { numRuns: 300 },
    );
  });

  it('takes time in proportion to a hostile pod', () => {
    const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
      Array.from({ length: count }, (_, index) => item(index));
    const amounts = Object.fromEntries(many(500, (index) => [`a.example/r${index}`, 1]));
    const pod = (count: number): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: {
          resources: { limits: amounts, requests: amounts },
          containers: many(count, (index) => ({
            name: `c${index % 7}`,
            image: 'a',
            resources: { limits: { cpu: index }, requests: { cpu: index + 1 } },
            volumeMounts: many(20, (mount) => ({ name: `v${mount}`, mountPath: `/${mount % 3}` })),
          })),
          volumes: many(count, (index) => ({ name: `v${index}` })),
          tolerations: many(count, () => ({ key: 'a'.repeat(1000) })),
        },
      });
    const time = (count: number): number => {
      const text = pod(count);
      const start = process.cpuUsage();
      refusalsOf(text);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    time(100);
    const [few, more] = [time(200), time(1600)];
    assert.ok(more < 8 * 6 * Math.max(few, 2000), `${few} µs for 200 containers, ${more} µs for 1600`);
  });
});
