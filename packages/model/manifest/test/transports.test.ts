import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { decodeManifest, encodeManifest, type InterpreterManifest } from '../src/index.ts';
import { passingManifest, sampleManifest } from './sample.ts';

const interpreter: InterpreterManifest['interpreter'] = {
  version: '24.0.0',
  digests: [{ architecture: 'linux-x64', sha256: new Uint8Array(32).fill(9) }],
};

/** What `encodeManifest` makes of a manifest that names transports: a part of measured images, as that of `manifest.test.ts` is. */
const golden =
  '000673616d706c65010002000004000000000200000000070707070707070707070707070707070707070707070707070707070707070706' +
  '32342e302e300100090909090909090909090909090909090909090909090909090909090909090902044d4f444501047465737406524547' +
  '494f4e00010a2f6d6f64656c2e62696e00000000000000000000000000000000000000000000000000000000000000000a00000000000000' +
  '01052f646174610000e80300000000000001056874747073fb20010104706565720c706565722e6578616d706c65bb010200001000100010' +
  '000400';

test('a manifest that names transports has the bytes that it always had', () => {
  const hex = Buffer.from(encodeManifest({ ...passingManifest, interpreter })).toString('hex');
  assert.equal(hex, golden);
  assert.deepEqual(
    { ...decodeManifest(Uint8Array.from(Buffer.from(golden, 'hex'))) },
    { ...passingManifest, interpreter },
  );
});

const transport = fc.constantFrom('relayed' as const, 'passed' as const, 'either' as const);
/** Distinct names, which are all that a manifest asks of them. */
const streams = fc
  .array(fc.record({ port: fc.integer({ min: 0, max: 65_535 }), transport }, { noNullPrototype: true }), {
    maxLength: 5,
  })
  .map((list) => list.map((stream, i) => ({ name: `s${i}`, ...stream })));
const manifests = fc.tuple(streams, streams).map(([listen, connect]): InterpreterManifest => ({
  ...sampleManifest,
  listen,
  connect: connect.map(({ name, ...rest }) => ({ name, host: 'h', ...rest })),
}));

test('a manifest is read as it was written, whatever the transports, and has the older form where all are relayed', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const encoded = encodeManifest(manifest);
      assert.deepEqual({ ...decodeManifest(encoded) }, manifest);
      const isRelayed = [...manifest.listen, ...manifest.connect].every((stream) => stream.transport === 'relayed');
      assert.equal(encoded[0] !== 0, isRelayed);
    }),
  );
});

test('two manifests that differ in a transport have different bytes', () => {
  fc.assert(
    fc.property(manifests, transport, fc.nat(), (manifest, other, at) => {
      const [first] = manifest.listen;
      fc.pre(first !== undefined);
      const changed = manifest.listen.map((stream, i) =>
        i === at % manifest.listen.length ? { ...stream, transport: other } : stream,
      );
      const isSame = changed.every((stream, i) => stream.transport === manifest.listen[i]?.transport);
      const [one, two] = [manifest, { ...manifest, listen: changed }].map((each) => Buffer.from(encodeManifest(each)));
      assert.equal(one?.equals(two ?? Buffer.of()), isSame);
    }),
  );
});

const named = encodeManifest(passingManifest);

/** Bytes of a manifest that names transports, with the byte after the first occurrence of this text and its port changed. */
function withTransport(encoded: Uint8Array, after: string, value: number): Uint8Array {
  const changed = Uint8Array.from(encoded);
  changed[Buffer.from(encoded).indexOf(after) + after.length + 2] = value;
  return changed;
}

const refused: readonly (readonly [what: string, encoded: Uint8Array])[] = [
  [
    'streams that are all relayed in the form that names it',
    withTransport(withTransport(named, 'https', 0), 'peer.example', 0),
  ],
  ['a form that does not exist', Uint8Array.of(0x41, ...named.slice(1))],
  ['the form twice', Uint8Array.of(0, ...named)],
  ['a transport that does not exist', withTransport(named, 'https', 3)],
  ['a byte too many', Uint8Array.of(...named, 0)],
  ['a byte too few', named.slice(0, -1)],
  ['streams without their transports', Uint8Array.of(0, ...encodeManifest(sampleManifest))],
  ['transports in the older form', named.slice(1)],
  ['nothing but the form', Uint8Array.of(0)],
  ['nothing', new Uint8Array()],
];

for (const [what, encoded] of refused) {
  test(`decodeManifest() refuses ${what}`, () => {
    assert.throws(
      () => decodeManifest(encoded),
      (error) => isEnclosError(error, 'MANIFEST_INVALID'),
    );
  });
}

test('the changes above are in the place of transports', () => {
  const changed = decodeManifest(withTransport(withTransport(named, 'https', 2), 'peer.example', 1));
  assert.deepEqual([changed.listen[0]?.transport, changed.connect[0]?.transport], ['either', 'passed']);
});

test('decodeManifest() refuses or reads canonically every mutation of one byte of a manifest that names transports', () => {
  for (let at = 0; at < named.length; at++) {
    for (const bit of [1, 2, 0x81]) {
      const mutated = Uint8Array.from(named);
      mutated[at] = (mutated[at] ?? 0) ^ bit;
      try {
        assert.deepEqual(encodeManifest(decodeManifest(mutated)), mutated);
      } catch (error) {
        assert.ok(isEnclosError(error, 'MANIFEST_INVALID'));
      }
    }
  }
});
