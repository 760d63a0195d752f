import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import * as fc from 'fast-check';
import { bytesContent, type LayerEntry } from '../src/tar/entry.ts';
import { limits } from '../src/limits.ts';
import { createTarBudget, readTar, type TarBudget, type TarEntry } from '../src/tar/read.ts';
import { archive, file, inPieces } from './sample.ts';

interface Read extends TarEntry {
  readonly text: string;
}

async function read(bytes: Uint8Array, pieceBytes?: number): Promise<readonly Read[]> {
  const found: Read[] = [];
  await readTar(inPieces(bytes, pieceBytes), (entry) => {
    const pieces: Uint8Array[] = [];
    return {
      piece: (piece) => void pieces.push(piece.slice()),
      end: () => void found.push({ ...entry, text: Buffer.concat(pieces).toString() }),
    };
  });
  return found;
}

const part = fc.stringMatching(/^[a-zé-]{1,40}$/);
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const entry: fc.Arbitrary<LayerEntry> = fc.oneof(
  fc.record({ kind: fc.constant('folder' as const), path, mode: fc.constantFrom(0o755, 0o1777) }),
  fc.record({ kind: fc.constant('link' as const), path, target: part }),
  fc
    .tuple(path, fc.string({ maxLength: 1200 }))
    .map(([at, text]): LayerEntry => ({ kind: 'file', path: at, mode: 0o644, content: bytesContent(utf8(text)) })),
);

test('readTar() reads what writeTar() wrote, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(entry, { selector: ({ path: at }) => at, maxLength: 8 }),
      fc.integer({ min: 1, max: 3000 }),
      async (entries, pieceBytes) => {
        const got = await read(await archive(entries), pieceBytes);
        const want = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
        assert.deepEqual(
          got.map(({ kind, path: at, target }) => [kind, at, target]),
          want.map((one) => [one.kind, one.path, one.kind === 'link' ? one.target : '']),
        );
        const texts = want.map((one) =>
          one.kind === 'file' ? Buffer.concat([...(one.content.open() as Uint8Array[])]).toString() : '',
        );
        assert.deepEqual(
          got.map(({ text }) => text),
          texts,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('writeTar() writes the same bytes whatever the order of the entries', async () => {
  const entries = [file('b', '2'), file('a/c', '1'), { kind: 'folder', path: 'a', mode: 0o755 } as const];
  assert.deepEqual(await archive(entries), await archive(entries.toReversed()));
});

test('writeTar() refuses paths that lead elsewhere or do not fit, and two entries of one path', async () => {
  for (const bad of ['', '/a', 'a//b', './a', 'a/../b', 'a\0b', 'x'.repeat(101), 'é'.repeat(60)]) {
    await assert.rejects(archive([file(bad)]), RangeError, JSON.stringify(bad));
  }
  await assert.rejects(archive([file('a'), file('a')]), /twice/);
});

test('writeTar() refuses a file that has changed while it was read', async () => {
  const content = { sizeBytes: 5, open: () => [utf8('1234')] };
  await assert.rejects(archive([{ kind: 'file', path: 'a', mode: 0o644, content }]), /changed/);
});

/** A header block with a right checksum. */
function block(fields: {
  readonly name?: string;
  readonly type?: string;
  readonly size?: string;
  readonly magic?: string;
  readonly link?: string;
  readonly more?: readonly (readonly [at: number, text: string])[];
}): Uint8Array {
  const { name = 'a', type = '0', size = '00000000000', magic = 'ustar\x0000', link = '', more = [] } = fields;
  const bytes = new Uint8Array(512);
  const put = (at: number, text: string): void => bytes.set(Buffer.from(text, 'latin1'), at);
  put(0, name);
  put(100, '0000644');
  put(124, size);
  put(156, type);
  put(157, link);
  put(257, magic);
  for (const [at, text] of more) put(at, text);
  put(148, '        ');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

const content = (text: string): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(text.length / 512) * 512);
  bytes.set(Buffer.from(text, 'latin1'));
  return bytes;
};
const octal = (text: string): string => text.length.toString(8).padStart(11, '0');
const extension = (type: string, text: string): readonly Uint8Array[] => [
  block({ name: 'x', type, size: octal(text) }),
  content(text),
];
const pax = (...records: readonly string[]): string =>
  records
    .map((record) => {
      const length = [1, 2, 3].map((digits) => record.length + 2 + digits).find((n, i) => String(n).length === i + 1);
      return `${length} ${record}\n`;
    })
    .join('');
const end = new Uint8Array(1024);
const join = (...blocks: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(blocks));

test('readTar() reads long names of pax and of GNU, sizes in base 256, and archives without an end', async () => {
  const long = `${'d'.repeat(120)}/f`;
  assert.equal((await read(join(...extension('x', pax(`path=${long}`)), block({}), end)))[0]?.path, long);
  assert.equal((await read(join(...extension('L', `${long}\0`), block({ magic: 'ustar  \0' }), end)))[0]?.path, long);
  const linked = join(...extension('K', 'target\0'), block({ type: '2', magic: 'ustar  \0' }), end);
  assert.equal((await read(linked))[0]?.target, 'target');
  const base256 = block({ size: `\x80${'\0'.repeat(10)}\x03` });
  assert.deepEqual(
    (await read(join(base256, content('abc')))).map(({ text }) => text),
    ['abc'],
  );
  assert.equal((await read(join(...extension('g', pax('comment=hello')), block({}), end)))[0]?.path, 'a');
});

test('readTar() gives one spelling of a path', async () => {
  for (const name of ['./a/b', '/a/b', 'a//b', 'a/./b']) {
    assert.equal((await read(join(block({ name }), end)))[0]?.path, 'a/b');
  }
  assert.equal((await read(join(block({ name: './', type: '5' }), end)))[0]?.path, '');
});

const refusals: readonly (readonly [what: string, bytes: Uint8Array, reason: RegExp])[] = [
  ['a wrong checksum', join(block({}).fill(0x41, 0, 1), content('')), /checksum/],
  ['a path that leads out', join(block({ name: '../a' }), end), /`\.\.`/],
  ['a path that leads out, further in', join(block({ name: 'a/../../b' }), end), /`\.\.`/],
  ['an entry without a name', join(block({ name: '' }), end), /without a name/],
  ['a name that is not UTF-8', join(block({ name: '\xff' }), end), /UTF-8/],
  ['a file named like a folder', join(block({ name: 'a/' }), end), /like a folder/],
  ['a link with content', join(block({ type: '2', size: '00000000001', link: 'b' }), content('x'), end), /no/],
  ['a hard link with content', join(block({ type: '1', size: '00000000001', link: 'b' }), content('x'), end), /no/],
  ['a folder with content', join(block({ type: '5', size: '00000000001' }), content('x'), end), /no/],
  ['a file in the place of the root', join(block({ name: './.' }), end), /root/],
  ['an unknown type', join(block({ type: 'V' }), end), /type "V"/],
  ['an unknown format', join(block({ magic: '\0\0\0\0\0\0\0\0' }), end), /format/],
  ['the star format', join(block({ more: [[508, 'tar\0']] }), end), /star/],
  ['GNU times that are a prefix', join(block({ magic: 'ustar  \0', more: [[345, 'evil']] }), end), /GNU times/],
  ['a number that is not octal', join(block({ size: '0000000000x' }), end), /octal/],
  ['two paths of one pax header', join(...extension('x', pax('path=b', 'path=c')), block({}), end), /second path/],
  ['an empty path in a pax header', join(...extension('x', pax('path=')), block({}), end), /empty/],
  ['a size that is not a number', join(...extension('x', pax('size=1e3')), block({}), end), /not a number/],
  ['a sparse file', join(...extension('x', pax('GNU.sparse.major=1')), block({}), end), /sparse/],
  ['a pax header of the wrong length', join(...extension('x', '99 path=b\n'), block({}), end), /well-formed/],
  ['a pax record without a key', join(...extension('x', pax('=b')), block({}), end), /key/],
  ['two long names', join(...extension('L', 'b\0'), ...extension('x', pax('path=c')), block({}), end), /path .* twice/],
  ['an empty long name', join(...extension('L', '\0'), block({}), end), /empty long name/],
  ['a global header that names entries', join(...extension('g', pax('path=b')), block({}), end), /global/],
  ['something after the end', join(block({}), end, block({ name: 'evil' })), /after its end/],
  ['one block of zeros in the middle', join(block({}), new Uint8Array(512), block({ name: 'evil' })), /after its end/],
  ['an end within a file', join(block({ size: '00000001000' }), content('x').subarray(0, 100)), /too early/],
  ['an end within a header', join(block({})).subarray(0, 300), /too early/],
  ['a name that nothing follows', join(...extension('L', 'b\0')), /after a name/],
];

for (const [what, bytes, reason] of refusals) {
  test(`readTar() refuses ${what}`, async () => {
    await assert.rejects(read(bytes), { code: 'OCI_LAYER_INVALID', message: reason });
  });
}

test('readTar() stops at its bounds: entries, bytes and names', async () => {
  const two = join(block({}), block({ name: 'b' }), end);
  const within = (budget: TarBudget) => readTar(inPieces(two), () => undefined, budget);
  await within({ entries: 2, records: 0, unpackedBytes: 4096 });
  await assert.rejects(within({ entries: 1, records: 0, unpackedBytes: 4096 }), { code: 'OCI_TOO_LARGE' });
  await assert.rejects(within({ entries: 2, records: 0, unpackedBytes: 1024 }), { code: 'OCI_TOO_LARGE' });
  const name = join(block({ type: 'L', size: '00077777777' }), end);
  await assert.rejects(read(name), { code: 'OCI_TOO_LARGE' });
});

test('headers before an entry and each record in them are charged before they are read', async () => {
  const charged = async (bytes: Uint8Array): Promise<number> => {
    const budget = { entries: 9, records: 1000, unpackedBytes: 1_000_000 };
    await readTar(inPieces(bytes), () => undefined, budget);
    return 1000 - budget.records;
  };
  assert.equal(await charged(join(block({}), end)), 0);
  assert.equal(await charged(join(...extension('x', pax('path=b', 'mtime=1')), block({}), end)), 3);
  assert.equal(await charged(join(...extension('g', pax('comment=c')), ...extension('x', ''), block({}), end)), 3);
  assert.equal(await charged(join(...extension('L', 'long\0'), block({ magic: 'ustar  \0' }), end)), 1);
});

/** Archives that repeat one thing for ever, as a small compressed layer can. */
for (const [what, unit] of [
  ['empty global headers', join(...extension('g', ''))],
  ['empty headers of the next entry', join(...extension('x', ''))],
  ['headers full of the smallest records', join(...extension('g', pax(...Array<string>(100_000).fill('a='))))],
] as const) {
  test(`readTar() ends ${what} by their number, long before the bytes that they may unpack to`, async () => {
    const budget = { ...createTarBudget(), records: 5000 };
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield unit;
    };
    await assert.rejects(
      readTar(endless(), () => undefined, budget),
      { code: 'OCI_TOO_LARGE', message: /headers and records/ },
    );
    assert.equal(budget.records, -1);
    const readBytes = limits.unpackedBytes - budget.unpackedBytes;
    assert.ok(readBytes <= Math.max(unit.length, 5001 * 1024), `${readBytes} bytes`);
  });
}

test('readTar() takes as many records as real images have, and no more padding than writers make', async () => {
  // Three times, owner, attributes and long names for each of the entries that an image may have, in half of them.
  assert.ok(limits.records >= 4 * limits.entries);
  await read(join(block({}), new Uint8Array(10_240)));
  const padded = join(block({}), new Uint8Array(limits.paddingBytes + 1024 + 512));
  await assert.rejects(read(padded), { code: 'OCI_TOO_LARGE', message: /padding/ });
});

test('readTar() lets go of its source when it refuses', async () => {
  let closed = false;
  const source = (async function* pieces() {
    try {
      for (;;) yield block({ type: 'V' });
    } finally {
      closed = true;
    }
  })();
  await assert.rejects(
    readTar(source, () => undefined),
    { code: 'OCI_LAYER_INVALID' },
  );
  assert.equal(closed, true);
});
