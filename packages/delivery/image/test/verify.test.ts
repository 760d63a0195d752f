import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { generateKey, signEnclave } from '@enclos/build';
import { digestOf, type Digest } from '../src/digest.ts';
import { compress } from '../src/layer/gzip.ts';
import { verifyImage, withImageSource, type ImageExpectation } from '../src/index.ts';
import { encodeJson } from '../src/json.ts';
import type { LayerEntry } from '../src/tar/entry.ts';
import { archive, buildSample, collect, enclave, file, inPieces, temporaryFolder } from './sample.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const signed = enclave();
const built = await buildSample(signed);

const verify = (path: string, expected: ImageExpectation = {}) =>
  withImageSource(path, (source) => verifyImage(source, { architecture }, expected));

interface Documents {
  readonly config: Record<string, unknown> & {
    config: Record<string, unknown>;
    rootfs: { diff_ids: Digest[] };
  };
  readonly manifest: Record<string, unknown> & {
    layers: { mediaType: string; digest: Digest; size: number }[];
    annotations: Record<string, string>;
  };
  /** Puts a blob into the layout. */
  readonly add: (bytes: Uint8Array) => Digest;
}

/** A copy of the sample whose documents say something else, and are named by their new digests. */
async function changed(change: (documents: Documents) => Promise<void> | void): Promise<string> {
  const folder = join(temporaryFolder(), 'image.oci');
  cpSync(built.layout, folder, { recursive: true });
  const blob = (digest: string): string => join(folder, 'blobs/sha256', digest.slice(7));
  const json = (digest: string): unknown => JSON.parse(readFileSync(blob(digest), 'utf8'));
  const add = (bytes: Uint8Array): Digest => {
    const digest = digestOf(bytes);
    writeFileSync(blob(digest), bytes);
    return digest;
  };
  const documents = { config: json(built.config), manifest: json(built.descriptor.digest), add } as Documents;
  await change(documents);
  const config = encodeJson(documents.config);
  const described = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: add(config), size: config.length };
  const manifest = encodeJson({ ...documents.manifest, config: described });
  const image = { ...built.descriptor, digest: add(manifest), size: manifest.length };
  writeFileSync(join(folder, 'index.json'), encodeJson({ schemaVersion: 2, manifests: [image] }));
  return folder;
}

/** The sample with one more layer upon it. */
const withLayer = (entries: readonly LayerEntry[]): Promise<string> =>
  changed(async ({ config, manifest, add }) => {
    const bytes = await archive(entries);
    const packed = await collect(compress(inPieces(bytes)));
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    manifest.layers.push({ mediaType, digest: add(packed), size: packed.length });
    config.rootfs.diff_ids.push(digestOf(bytes));
  });

const refused = async (layout: string, code: string, message: RegExp): Promise<void> => {
  await assert.rejects(verify(layout), { code, message });
};

test('verifyImage() says which enclave a digest holds', async () => {
  const { digest, identity, name, interpreter } = await verify(built.layout);
  assert.equal(digest, built.descriptor.digest);
  assert.deepEqual(identity, built.identity);
  assert.equal(name, 'vault');
  assert.equal(interpreter?.version, '24.0.0');
});

test('a layout whose documents were only written again verifies', async () => {
  assert.deepEqual((await verify(await changed(() => undefined))).identity, built.identity);
});

const other = 'ab'.repeat(32);
type DocumentCase = readonly [what: string, change: (documents: Documents) => void, message: RegExp];
const documentCases: readonly DocumentCase[] = [
  ...['mrenclave', 'mrsigner', 'product-id', 'security-version', 'debug'].flatMap((name): readonly DocumentCase[] => [
    [
      `another label ${name}`,
      ({ config }: Documents) =>
        void Object.assign(config.config['Labels'] as object, { [`dev.enclos.${name}`]: other }),
      /^The label/,
    ],
    [
      `another annotation ${name}`,
      ({ manifest }: Documents) => void (manifest.annotations[`dev.enclos.${name}`] = other),
      /^The annotation/,
    ],
  ]),
  ['no labels', ({ config }) => void delete config.config['Labels'], /absent/],
  ['another entry point', ({ config }) => void (config.config['Entrypoint'] = ['/bin/sh']), /entry point/],
  ['another user', ({ config }) => void (config.config['User'] = '0:0'), /user/],
  [
    'another enclave by its variable',
    ({ config }) =>
      void (config.config['Env'] = ['ENCLOS_IMAGE=/tmp/x.sgxs', 'ENCLOS_SIGNATURE=/app/enclave/vault.sig']),
    /ENCLOS_IMAGE/,
  ],
  [
    'a variable twice',
    ({ config }) => void (config.config['Env'] as string[]).push('ENCLOS_IMAGE=/app/enclave/vault.sgxs'),
    /twice/,
  ],
  ['another system', ({ config }) => void (config['os'] = 'windows'), /windows/],
];

for (const [what, change, message] of documentCases) {
  test(`verifyImage() refuses an image with ${what}`, async () => {
    await refused(await changed(change), 'OCI_IMAGE_REFUSED', message);
  });
}

const layerCases: readonly (readonly [what: string, entries: readonly LayerEntry[], code: string, message: RegExp])[] =
  [
    ['covers the enclave', [file('app/enclave/vault.sgxs', 'x')], 'OCI_IMAGE_REFUSED', /more than once/],
    ['covers the signature', [file('app/enclave/vault.sig', 'x')], 'OCI_IMAGE_REFUSED', /more than once/],
    ['adds an enclave', [file('app/enclave/other.sgxs', 'x')], 'OCI_IMAGE_REFUSED', /2 enclaves/],
    ['exchanges the interpreter', [file('usr/local/bin/node', 'x')], 'OCI_IMAGE_REFUSED', /more than once/],
    ['takes the enclave away', [file('app/enclave/.wh.vault.sgxs')], 'OCI_IMAGE_REFUSED', /takes a file/],
    ['takes its folder away', [file('app/.wh.enclave')], 'OCI_IMAGE_REFUSED', /takes a file/],
    ['takes all folders away', [file('.wh..wh..opq')], 'OCI_IMAGE_REFUSED', /takes a file/],
    ['empties its folder', [file('app/enclave/.wh..wh..opq')], 'OCI_IMAGE_REFUSED', /takes a file/],
    ['takes the folder of the interpreter away', [file('usr/.wh.local')], 'OCI_IMAGE_REFUSED', /takes a file/],
    [
      'makes its folder a link',
      [{ kind: 'link', path: 'app/enclave', target: '/tmp' }],
      'OCI_IMAGE_REFUSED',
      /not a folder/,
    ],
    [
      'makes the folder above a link',
      [{ kind: 'link', path: 'app', target: '/tmp' }],
      'OCI_IMAGE_REFUSED',
      /not a folder/,
    ],
    [
      'makes the interpreter a link',
      [{ kind: 'link', path: 'usr/local/bin/node', target: '/tmp/node' }],
      'OCI_IMAGE_REFUSED',
      /not a file/,
    ],
    [
      'writes through a link',
      [{ kind: 'link', path: 'door', target: 'app/enclave' }, file('door/vault.sgxs', 'x')],
      'OCI_LAYER_INVALID',
      /under a link/,
    ],
  ];

for (const [what, entries, code, message] of layerCases) {
  test(`verifyImage() refuses an image in which a layer ${what}`, async () => {
    await refused(await withLayer(entries), code, message);
  });
}

test('verifyImage() takes a layer that leaves these places alone', async () => {
  const layer: readonly LayerEntry[] = [
    { kind: 'link', path: 'door', target: 'app/enclave' },
    file('app/more/data', 'x'),
    file('app/.wh.more-of-old'),
  ];
  assert.equal((await verify(await withLayer(layer))).identity.mrEnclave, built.identity.mrEnclave);
});

test('verifyImage() refuses layers and documents that are not what their digests say', async () => {
  for (const name of readdirSync(join(built.layout, 'blobs/sha256'))) {
    const folder = join(temporaryFolder(), 'image.oci');
    cpSync(built.layout, folder, { recursive: true });
    const path = join(folder, 'blobs/sha256', name);
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const isStatement =
      ![built.descriptor, ...built.layers].some(({ digest }) => digest.endsWith(name)) && !built.config.endsWith(name);
    if (isStatement) continue;
    await assert.rejects(verify(folder), (error: { code?: string }) =>
      ['OCI_DIGEST_MISMATCH', 'OCI_LAYER_INVALID'].includes(error.code ?? ''),
    );
  }
});

test('verifyImage() refuses layers that unpack to something else than the configuration says', async () => {
  const layout = await changed(({ config }) => void config.rootfs.diff_ids.reverse());
  await refused(layout, 'OCI_DIGEST_MISMATCH', /./);
});

test('verifyImage() refuses a layer of a kind that is not read, and another number of layers', async () => {
  const xz = 'application/vnd.oci.image.layer.v1.tar+xz';
  await refused(
    await changed(({ manifest }) => {
      for (const layer of manifest.layers) layer.mediaType = xz;
    }),
    'OCI_LAYER_INVALID',
    /tar\+xz/,
  );
  await refused(await changed(({ config }) => void config.rootfs.diff_ids.pop()), 'OCI_DOCUMENT_INVALID', /number/);
});

test('verifyImage() refuses a manifest that is of another type than its descriptor says', async () => {
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  await refused(await changed(({ manifest }) => void (manifest['mediaType'] = type)), 'OCI_DOCUMENT_INVALID', /type/);
});

test('verifyImage() compares with what was expected', async () => {
  const { digest } = built.descriptor;
  const { mrEnclave, mrSigner } = built.identity;
  await verify(built.layout, { digest, mrEnclave, mrSigner });
  for (const expected of [{ digest: `sha256:${other}` }, { mrEnclave: other }, { mrSigner: other }]) {
    await assert.rejects(verify(built.layout, expected), { code: 'OCI_IMAGE_UNEXPECTED' });
  }
});

test('a debug enclave is verified only when that is asked for', async () => {
  const { layout } = await buildSample(enclave({ debug: true }));
  await assert.rejects(verify(layout), { code: 'OCI_IMAGE_UNEXPECTED', message: /debug/ });
  assert.equal((await verify(layout, { allowDebug: true })).identity.debug, true);
});

test('an enclave is not built into an image with the signature of another one, or of nobody', async () => {
  const foreign = signEnclave({ image: enclave({ productId: 8 }).image, key: generateKey(), date: new Date(0) });
  await assert.rejects(buildSample({ ...signed, signature: foreign }), { code: 'LAUNCH_MEASUREMENT_MISMATCH' });
  const damaged = signed.signature.slice();
  damaged[600] = (damaged[600] ?? 0) ^ 1;
  await assert.rejects(buildSample({ ...signed, signature: damaged }));
});

test('an image is not built with another interpreter than the enclave pins', async () => {
  const wrong = join(temporaryFolder(), 'node');
  writeFileSync(wrong, utf8('something else'));
  await assert.rejects(buildSample(signed, { interpreter: wrong }), { code: 'INTERPRETER_MISMATCH' });
});
