import assert from 'node:assert/strict';
import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { isEnclosError } from '@enclos/errors';
import { encodeSealedBlob } from '@enclos/tee';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';

import { buildEnclave } from '../../src/build-enclave.ts';
import {
  createSgxsMeter,
  inspect,
  inspectFile,
  type InspectNode,
  type InspectReport,
} from '../../src/inspect/index.ts';
import { loadProject } from '../../src/project/project.ts';
import { signEnclave } from '../../src/signing/sign.ts';
import { minimalManifest, testBoot, withProject } from '../project-folder.ts';

function find(report: InspectReport, ...labels: readonly string[]): InspectNode {
  let nodes: readonly InspectNode[] = report.nodes;
  let found: InspectNode | undefined;
  for (const label of labels) {
    found = nodes.find((node) => node.label === label);
    assert.ok(found, `${label} of ${labels.join(' / ')} among ${nodes.map((node) => node.label).join(', ')}`);
    nodes = found.children ?? [];
  }
  assert.ok(found);
  return found;
}

vectors.test("inspect() measures another tool's SGXS stream", () => {
  const report = inspect(vectors.read('sgx/test_enclave.sgxs'));
  assert.equal(report.kind, 'sgxs');
  assert.equal(find(report, 'MRENCLAVE').value, '784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc');
  assert.match(find(report, 'made by').note ?? '', /cannot be loaded here/);
  assert.match(find(report, 'geometry', 'thread control pages').value ?? '', /^\d+$/);
});

vectors.test('inspect() shows a SIGSTRUCT and checks its signature', () => {
  const report = inspect(vectors.read('sgx/test_enclave.sig'));
  assert.equal(report.kind, 'sigstruct');
  assert.equal(find(report, 'MRENCLAVE').value, '784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc');
  assert.equal(find(report, 'MRSIGNER').value, 'fb4bab3d6036ac1d730fa83d7366df1dd2dfeac194ef335d6854d8a6c6475542');
  assert.equal(find(report, 'signature').value, 'holds');
  assert.equal(find(report, 'date').value, '2016-12-14');
  assert.equal(find(report, 'product id').value, '65535');
});

vectors.test('inspect() says when the signature of a SIGSTRUCT does not hold', () => {
  const bytes = vectors.read('sgx/sig1.sigstruct.bin');
  bytes[1024] = (bytes[1024] ?? 0) ^ 1;
  assert.equal(find(inspect(bytes), 'signature').value, 'DOES NOT HOLD');
});

vectors.test('inspect() shows what is public of a signing key, and nothing else', () => {
  const report = inspect(vectors.read('sgx/sig1.key.pem'));
  assert.equal(report.kind, 'signing-key');
  assert.equal(find(report, 'MRSIGNER').value, '83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e');
  const publicPem = createPublicKey(Buffer.from(vectors.read('sgx/sig1.key.pem'))).export({
    type: 'spki',
    format: 'pem',
  });
  const publicReport = inspect(new TextEncoder().encode(String(publicPem)));
  assert.equal(find(publicReport, 'MRSIGNER').value, find(report, 'MRSIGNER').value);
  assert.ok(JSON.stringify(report).length < 1000);
});

vectors.test('inspect() gives a quote to the reader of evidence that it is given', () => {
  const quote = vectors.read('dcap/vectors/sgx-v3-swhardening/quote.bin');
  const explained = { title: 'A quote', nodes: [{ label: 'verified', value: 'no' }] };
  const given: Uint8Array[] = [];
  const explain = (bytes: Uint8Array): typeof explained => {
    given.push(bytes);
    return explained;
  };
  assert.deepEqual(inspect(quote, { explain }), { kind: 'quote', ...explained });
  assert.deepEqual(given, [quote]);
});

vectors.test('inspect() says what a quote is, without a reader of evidence', () => {
  for (const [name, words] of [
    ['sgx-v3-swhardening', /version 3 quote/],
    ['tdx-v4-uptodate', /version 4 quote/],
  ] as const) {
    assert.throws(
      () => inspect(vectors.read(`dcap/vectors/${name}/quote.bin`)),
      (error) => isEnclosError(error, 'BUILD_FILE_UNRECOGNISED') && words.test(error.message),
    );
  }
});

vectors.test('inspect() refuses a quote that is cut', () => {
  const quote = vectors.read('dcap/vectors/sgx-v3-swhardening/quote.bin');
  for (const options of [{}, { explain: () => ({ title: '', nodes: [] }) }]) {
    assert.throws(
      () => inspect(quote.subarray(0, 500), options),
      (error) => isEnclosError(error, 'SGX_QUOTE_INVALID'),
    );
  }
});

test('inspect() shows how the key of a sealed blob is derived', () => {
  const sealed = {
    keyRequest: {
      keyName: 4,
      keyPolicy: 2,
      isvSvn: 5,
      cpuSvn: new Uint8Array(16),
      attributeMask: { flags: 3n, xfrm: 0n },
      keyId: new Uint8Array(32).fill(7),
      miscMask: 0,
      configSvn: 0,
    },
    nonce: new Uint8Array(12),
    ciphertext: new Uint8Array(1234),
    tag: new Uint8Array(16),
  };
  const blob = encodeSealedBlob(sealed);
  const report = inspect(blob);
  assert.equal(report.kind, 'sealed-blob');
  assert.equal(report.title, 'Sealed blob, version 1');
  const salted = inspect(encodeSealedBlob({ ...sealed, salt: new Uint8Array(32).fill(0xab) }));
  assert.equal(salted.title, 'Sealed blob, version 2');
  assert.equal(find(salted, 'salt').value, 'ab'.repeat(32));
  assert.equal(find(report, 'key policy').value, 'MRSIGNER');
  assert.equal(find(report, 'security version').value, '5');
  assert.equal(find(report, 'content').value, '1,234 bytes');
  assert.throws(
    () => inspect(blob.subarray(0, 100)),
    (error) => isEnclosError(error),
  );
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

for (const [bytes, sentence] of [
  [new Uint8Array(), /^This is an empty file,/],
  [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), /^This is an ELF file/],
  [Uint8Array.of(0x4d, 0x5a, 0x90, 0), /Windows executable/],
  [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /WebAssembly/],
  [Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
  [Uint8Array.of(0x50, 0x4b, 3, 4), /ZIP/],
  [Uint8Array.of(0x30, 0x82, 4, 0, 0, 1), /a DER file/],
  [Uint8Array.of(0xff, 0xfe, 0, 1), /a binary file of an unknown kind/],
  [text('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), /a PEM certificate/],
  [text('-----BEGIN ENCRYPTED PRIVATE KEY-----\n'), /an encrypted private key/],
  [text('-----BEGIN X509 CRL-----\n'), /a PEM file \(X509 CRL\)/],
  [text('{"name":"demo"}'), /JSON text/],
  [text('hello'), /^This is text, which cannot be inspected\.$/],
] as const) {
  test(`inspect() says what it was given: ${sentence.source}`, () => {
    assert.throws(
      () => inspect(bytes),
      (error) => isEnclosError(error, 'BUILD_FILE_UNRECOGNISED') && sentence.test(error.message),
    );
  });
}

test('inspect() refuses a key that cannot sign an enclave', () => {
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  assert.throws(
    () => inspect(text(privateKey)),
    (error) => isEnclosError(error, 'SIGNING_KEY_INVALID'),
  );
});

test('inspect() throws only EnclosError, whatever follows a known beginning', () => {
  const beginnings = [
    'ECREATE\0',
    'ENCLSEAL',
    '\u0006\0\0\0',
    '\u0003\0\u0002\0\0\0\0\0',
    '-----BEGIN PUBLIC KEY-----\n',
    '',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 2000 }), (beginning, rest) => {
      try {
        inspect(Uint8Array.from([...text(beginning), ...rest]));
      } catch (error) {
        assert.ok(isEnclosError(error), String(error));
      }
    }),
  );
});

const project = {
  'enclave.json': JSON.stringify({
    ...minimalManifest,
    files: [{ source: 'a.txt', target: '/a.txt' }],
    trustedFiles: [{ source: 'x.node', path: '/x.node' }],
    env: [{ name: 'MODE', fromHost: true }],
    mounts: [{ target: '/state', type: 'hostfs', readOnly: true, maxSize: '1MB' }],
    listen: [
      { name: 'api', port: 8443, transport: 'passed' },
      { name: 'admin', port: 8444 },
    ],
    connect: [{ name: 'store', host: 'store.example', port: 443, transport: 'either' }],
  }),
  'a.txt': 'hello',
  'x.node': 'addon',
  'package.json': '{"name":"demo-app","version":"0.3.0"}',
};

test('inspectFile() shows an image of ours with its trusted base', async () => {
  await withProject(project, async ({ folder }) => {
    const { paths, report: built } = await buildEnclave(await loadProject(folder), testBoot);
    const report = await inspectFile(paths.image);
    assert.equal(report.kind, 'image');
    assert.equal(find(report, 'MRENCLAVE').value, built.mrEnclave);
    assert.equal(find(report, 'manifest', 'security version').value, '2');
    assert.equal(find(report, 'manifest', 'environment', 'MODE').note, 'from the host, not measured');
    assert.match(find(report, 'manifest', 'mounts', '/state').note ?? '', /read-only, at most 1,048,576 bytes/);
    assert.deepEqual(find(report, 'manifest', 'connect', 'store'), {
      label: 'store',
      value: 'store.example:443',
      note: 'either',
    });
    assert.deepEqual(find(report, 'manifest', 'listen').children, [
      { label: 'api', value: '8443', note: 'passed' },
      { label: 'admin', value: '8444', note: 'relayed' },
    ]);
    assert.equal(find(report, 'content', 'embedded files', '/a.txt').note, '5 bytes');
    const base = find(report, 'trusted base');
    const [bundle] = base.children ?? [];
    assert.match(bundle?.label ?? '', /^bundle, [\d,]+ bytes, [\d,]+ lines$/);
    assert.ok(bundle?.children?.some(({ label }) => label === 'demo-app@0.3.0'));
    assert.equal(find(report, 'trusted base', 'native addons', '/x.node').value, '5 bytes');
    JSON.stringify(report);
  });
});

test('an image without its report, or with that of another build, has no trusted base', async () => {
  await withProject(project, async ({ folder, write }) => {
    const first = await buildEnclave(await loadProject(folder), testBoot);
    const alone = join(folder, 'alone.sgxs');
    copyFileSync(first.paths.image, alone);
    assert.match(find(await inspectFile(alone), 'trusted base').note ?? '', /no report/);
    write('src/demo.enclave.ts', 'export const other = 1;');
    const second = await buildEnclave(await loadProject(folder), testBoot);
    copyFileSync(second.paths.report, join(folder, 'alone.report.json'));
    assert.match(find(await inspectFile(alone), 'trusted base').note ?? '', /another build/);
    writeFileSync(join(folder, 'alone.report.json'), '{"version":1}');
    assert.match(find(await inspectFile(alone), 'trusted base').note ?? '', /no report/);
  });
});

test('inspectFile() shows a signature that was just made', async () => {
  await withProject({}, async ({ folder }) => {
    const { image, report } = await buildEnclave(await loadProject(folder), testBoot);
    if (!vectors.available) return;
    const signature = signEnclave({ image, key: vectors.read('sgx/sig1.key.pem'), date: new Date(0) });
    const path = join(folder, 'demo.sig');
    writeFileSync(path, signature);
    const shown = await inspectFile(path);
    assert.equal(find(shown, 'MRENCLAVE').value, report.mrEnclave);
    assert.equal(find(shown, 'debug').value, 'production only');
  });
});

test('inspectFile() names a file that is not there', async () => {
  await assert.rejects(inspectFile('/nonexistent/x.sgxs'), (error) => isEnclosError(error, 'BUILD_FILE_UNREADABLE'));
});

/** One ECREATE, and pages of which the stream says nothing more: 64 bytes of stream for 4096 of enclave. */
function barePages(count: number): Uint8Array {
  const bytes = new Uint8Array(64 + 64 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(text('ECREATE\0'));
  view.setUint32(8, 1, true);
  view.setBigUint64(12, 2n ** 40n, true);
  for (let index = 0; index < count; index++) {
    const at = 64 + 64 * index;
    bytes.set(text('EADD'), at);
    view.setBigUint64(at + 8, BigInt(index) * 4096n, true);
    view.setBigUint64(at + 16, index % 2 === 0 ? 0x203n : 0x100n, true);
  }
  return bytes;
}

test('a foreign stream is counted without its pages in memory, however many it adds', async () => {
  const stream = barePages(131_073);
  const before = process.resourceUsage().maxRSS;
  const report = inspect(stream);
  assert.equal(find(report, 'geometry', 'pages').value, '131,073');
  assert.equal(find(report, 'geometry', 'thread control pages').value, '65,536');
  assert.equal(find(report, 'geometry', 'writable pages').value, '65,537');
  assert.equal(find(report, 'geometry', 'pages not wholly measured').value, '131,073');
  await withProject({ 'foreign.sgxs': stream }, async ({ folder }) => {
    assert.deepEqual(await inspectFile(join(folder, 'foreign.sgxs')), report);
  });
  const grownMiB = (process.resourceUsage().maxRSS - before) / 1024;
  assert.ok(grownMiB < 200, `${grownMiB} MiB`);
});

vectors.test('a stream measures the same in pieces of any size', () => {
  const stream = vectors.read('sgx/test_enclave.sgxs').subarray(0, 64 + 20 * 5184);
  const whole = createSgxsMeter();
  whole.push(stream);
  const facts = whole.finish();
  for (const size of [1, 63, 319, 4096, 300_000]) {
    const meter = createSgxsMeter();
    for (let at = 0; at < stream.length; at += size) meter.push(stream.subarray(at, at + size));
    assert.deepEqual(meter.finish(), facts);
  }
});

test('a damaged image of ours is called that, and not the work of another tool', async () => {
  await withProject({}, async ({ folder, write }) => {
    const { image } = await buildEnclave(await loadProject(folder), testBoot);
    // A byte of the manifest: still an SGXS stream.
    const flipped = image.with(64 + 5184 + 128 + 4, 0xff);
    write('flipped.sgxs', flipped);
    for (const report of [inspect(flipped), await inspectFile(join(folder, 'flipped.sgxs'))]) {
      assert.deepEqual([report.kind, report.title], ['sgxs', 'Damaged Enclos image']);
      assert.match(find(report, 'made by').note ?? '', /^a damaged Enclos image, which cannot be loaded: /);
    }
    write('short.sgxs', image.subarray(0, -100));
    await assert.rejects(
      inspectFile(join(folder, 'short.sgxs')),
      (error) => isEnclosError(error, 'SGXS_INVALID') && error.message.startsWith('This is a damaged Enclos image. '),
    );
  });
});

test('inspectFile() reads no more than the kind of a file can have', async () => {
  await withProject({}, async ({ folder }) => {
    const beginnings = [
      ['signing-key', text('-----BEGIN PUBLIC KEY-----\n'.padEnd(64 * 1024, ' ')), 64 * 1024],
      ['sigstruct', Uint8Array.of(6, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0), 64 * 1024],
      ['quote', Uint8Array.of(3, 0, 2, 0, 0, 0, 0, 0), 1024 * 1024],
    ] as const;
    for (const [kind, beginning, limit] of beginnings) {
      const path = join(folder, `large.${kind}`);
      writeFileSync(path, beginning);
      // A hole takes no space.
      truncateSync(path, limit + 1);
      await assert.rejects(
        inspectFile(path),
        (error) => isEnclosError(error, 'BUILD_FILE_TOO_LARGE') && error.details['limit'] === limit,
        kind,
      );
    }
    // Of what cannot be inspected only the beginning is read.
    const unknown = join(folder, 'huge.bin');
    writeFileSync(unknown, Uint8Array.of(0xff, 0xfe, 0, 1));
    truncateSync(unknown, 2 ** 40);
    await assert.rejects(inspectFile(unknown), (error) => isEnclosError(error, 'BUILD_FILE_UNRECOGNISED'));
  });
});

test('inspectFile() says that a folder cannot be read', async () => {
  await assert.rejects(inspectFile('/'), (error) => isEnclosError(error, 'BUILD_FILE_UNREADABLE'));
});
