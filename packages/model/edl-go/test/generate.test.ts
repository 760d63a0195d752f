import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bigint,
  boolean,
  bytes,
  defineInterface,
  enumeration,
  float64,
  func,
  maxArgumentBytes,
  option,
  record,
  string,
  uint16,
  uint8,
  union,
} from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { generateGo } from '../src/index.ts';

const leaf = record({ id: uint16(), note: option(string({ maxBytes: 200 })) });
const sample = defineInterface({
  name: 'sample',
  trusted: {
    put_leaf: func({ leaf, twice: array(leaf, { minItems: 1, maxItems: 300 }) }, boolean()),
    draw: func(
      {
        shape: union('kind', { circle: record({ radius: float64() }), none: record({}) }),
        ink: enumeration('red', 'dark-blue'),
      },
      array(bytes({ exactBytes: 32 }), { maxItems: 4 }),
    ),
    count: func({}, bigint({ maxBytes: 200 })),
  },
  untrusted: { tell: func({ text: string({ minBytes: 1, maxBytes: 9 }) }) },
});

const text = generateGo(sample, { packageName: 'sample' });

test('each function has its largest arguments, as the codec has them', () => {
  const found = [...text.matchAll(/MaxArguments: (\d+)/g)].map(([, size]) => Number(size));
  assert.deepEqual(found, maxArgumentBytes(sample.trusted));
});

test('types are named after where they first stand, each once', () => {
  assert.equal(
    [...text.matchAll(/^type (\w+)/gm)].map(([, name]) => name).join(' '),
    [
      'Trusted',
      'Host',
      'PutLeafArguments',
      'PutLeafArgumentsLeaf',
      'DrawArguments',
      'DrawArgumentsShape',
      'DrawArgumentsShapeCircle',
      'DrawArgumentsShapeNone',
      'DrawArgumentsInk',
      'TellArguments',
    ].join(' '),
  );
  assert.match(text, /Twice \[\]PutLeafArgumentsLeaf/);
  assert.match(text, /Note \*string/);
  assert.match(text, /DrawArgumentsInkDarkBlue\n/);
});

test('functions keep their order and their names in errors', () => {
  assert.match(text, /Count\(ctx context\.Context\) \(\*big\.Int, error\)/);
  assert.match(text, /edl\.NewReader\(arguments, "put_leaf"\)[^]*edl\.NewReader\(arguments, "draw"\)/);
  assert.match(text, /func \(Host\) Tell\(ctx context\.Context, in TellArguments\) \(err error\)/);
  assert.match(text, /enclave\.CallHost\(ctx, 0, arguments, 0\)/);
});

test('an interface without functions needs nothing', () => {
  const none = generateGo(defineInterface({ name: 'none', trusted: {}, untrusted: {} }), { packageName: 'none' });
  assert.match(none, /import \(\n\t"enclos\.invalid\/sdk\/enclave"\n\)/);
});

test('names that become the same get numbers', () => {
  const twins = defineInterface({
    name: 'twins',
    trusted: { a_b: func({ x: uint8(), X: uint8() }), aB: func({}), host: func({ y: uint8() }) },
    untrusted: {},
  });
  const made = generateGo(twins, { packageName: 'twins' });
  assert.match(made, /\tAB\(ctx context\.Context, in ABArguments\) error\n\tAB2\(/);
  assert.match(made, /\tX {2}uint8\n\tX2 uint8/);
});

test('what is not a description or a package is refused', () => {
  const refused = (describe: string, packageName = 'p'): void =>
    assert.throws(
      () => generateGo({ describe: () => describe }, { packageName }),
      (error) => error instanceof EnclosError && error.code === 'EDL_INVALID_INTERFACE',
    );
  const head = 'enclos interface 1\nn\n';
  for (const line of [
    '',
    'trusted',
    'other 0 f record{} nothing',
    'trusted 1 f record{} nothing',
    'trusted 0 f uint8 nothing',
  ]) {
    refused(`${head}${line}\n`);
  }
  for (const type of [
    'string(1)',
    'bytes()',
    'array(uint8)',
    'record{a}',
    'union {a:uint8}',
    'uint24',
    'option(uint8',
    'uint8 ',
  ]) {
    refused(`${head}trusted 0 f record{a:${type}} nothing\n`);
  }
  refused('enclos interface 2\nn\n');
  refused(head.slice(0, -1));
  refused(sample.describe(), 'Not-A-Package');
});
