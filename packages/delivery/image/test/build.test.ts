import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { toHex, utf8 } from '@enclos/codec';
import { findRelay } from '@enclos/isolation';
import { companionScriptPath, type EnclaveManifest } from '@enclos/manifest';
import { sha256 } from '@enclos/sgx/node';
import { manifestFields } from '@enclos/testkit';
import { describeImage, verifyImage, withImageSource, type Application } from '../src/index.ts';
import { relayFiles } from '../src/relay-files.ts';
import { bytesContent, type LayerEntry } from '../src/tar/entry.ts';
import { archive, baseArchive, buildSample, enclave, file, temporaryFolder } from './sample.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const signed = enclave();
const json = (layout: string, digest: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(layout, 'blobs/sha256', digest.slice(7)), 'utf8')) as Record<string, unknown>;

test('two builds give the same files, byte for byte', async () => {
  const [one, two] = [await buildSample(signed), await buildSample(signed)];
  const names = readdirSync(join(one.layout, 'blobs/sha256'));
  assert.deepEqual(readdirSync(join(two.layout, 'blobs/sha256')), names);
  assert.deepEqual(readFileSync(join(two.layout, 'index.json')), readFileSync(join(one.layout, 'index.json')));
});

test('time, host, files and base each give another digest', async () => {
  const { descriptor } = await buildSample(signed);
  const content = bytesContent(utf8('x'));
  const others = await Promise.all([
    buildSample(signed, { createdSeconds: 1 }),
    buildSample(signed, { application: { ...signed, host: utf8('console.log(2)') } }),
    buildSample(signed, {
      application: { ...signed, host: utf8('console.log(1)'), files: [{ path: 'data', content }] },
    }),
    buildSample(signed, { base: { path: await baseArchive([file('etc/motd', 'other')]) } }),
  ]);
  const digests = new Set([descriptor, ...others.map((other) => other.descriptor)].map(({ digest }) => digest));
  assert.equal(digests.size, 5);
});

test('an image runs as nobody, and names its enclave', async () => {
  const { layout, config } = await buildSample(signed, { createdSeconds: 86_400 });
  const { created, config: run } = json(layout, config) as { created: string; config: Record<string, unknown> };
  assert.equal(created, '1970-01-02T00:00:00Z');
  assert.equal(run['User'], '65532:65532');
  assert.deepEqual(run['Entrypoint'], ['/usr/local/bin/node', '/app/start.mjs']);
  assert.ok((run['Env'] as string[]).includes('ENCLOS_IMAGE=/app/enclave/vault.sgxs'));
});

test('a bill of materials and a provenance refer to the image', async () => {
  const component = { type: 'library', name: 'hono', version: '4.0.0', purl: 'pkg:npm/hono@4.0.0' } as const;
  const application = { ...signed, host: utf8('console.log(1)'), components: [component] };
  const { layout, sbom, provenance, descriptor, identity } = await buildSample(signed, { application });
  const statement = (digest: string): Record<string, unknown> => {
    const { subject, layers } = json(layout, digest) as { subject: unknown; layers: { digest: string }[] };
    const { mediaType, digest: of, size } = descriptor;
    assert.deepEqual(subject, { mediaType, digest: of, size });
    return json(layout, layers[0]?.digest ?? '');
  };
  const bom = statement(sbom.digest);
  assert.equal(bom['bomFormat'], 'CycloneDX');
  assert.equal(bom['specVersion'], '1.6');
  assert.match(
    String(bom['serialNumber']),
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const components = bom['components'] as Record<string, unknown>[];
  assert.ok(components.some(({ purl }) => purl === 'pkg:npm/hono@4.0.0'));
  assert.ok(components.some(({ name, version }) => name === 'vault' && version === identity.mrEnclave));
  const made = statement(provenance.digest);
  assert.equal(made['predicateType'], 'https://slsa.dev/provenance/v1');
  assert.deepEqual(made['subject'], [{ name: 'vault', digest: { sha256: descriptor.digest.slice(7) } }]);
  const facts = await withImageSource(layout, (source) => describeImage(source, { architecture }));
  assert.deepEqual(
    facts.referrers.map(({ digest }) => digest),
    [sbom.digest, provenance.digest],
  );
});

test('a base is a tar, a tar with gzip, an OCI layout or an archive of one', async () => {
  const tar = await baseArchive();
  const gzipped = join(temporaryFolder(), 'base.tar.gz');
  writeFileSync(gzipped, gzipSync(readFileSync(tar)));
  const plain = await buildSample(signed, { base: { path: tar } });
  const unpacked = await buildSample(signed, { base: { path: gzipped } });
  assert.deepEqual(unpacked.layers, plain.layers);
});

test('a base that has the places of an image already, or nothing at all, is refused', async () => {
  for (const path of ['usr/local/bin/node', 'app/enclave/x.sgxs']) {
    const base = { path: await baseArchive([file(path, 'x')]) };
    await assert.rejects(buildSample(signed, { base }), { code: 'OCI_BASE_UNUSABLE' }, path);
  }
  const missing = { path: join(temporaryFolder(), 'none') };
  await assert.rejects(buildSample(signed, { base: missing }), { code: 'OCI_LAYOUT_INVALID' });
  const built = await buildSample(signed);
  await assert.rejects(buildSample(signed, { base: { path: built.layout } }), { code: 'OCI_BASE_UNUSABLE' });
});

describe('the files of companions', () => {
  const content = utf8('machine code');
  const digest = sha256(content);
  const engineFile = { path: 'engine.node', sha256: digest, sizeBytes: BigInt(content.length) };
  const settings = { name: 'engine', processes: 1, memoryBytes: 64n * 1024n * 1024n, threads: 1, addons: true };
  const script = { path: companionScriptPath('engine'), content: utf8('() => undefined') };
  const withCompanion = enclave({ companions: [{ ...settings, files: [engineFile] }] }, [script]);
  const built = async (path: string, bytes: Uint8Array): ReturnType<typeof buildSample> => {
    const companionFiles = [{ path, content: bytesContent(bytes) }];
    const application = { ...withCompanion, host: utf8('console.log(1)'), companionFiles };
    return buildSample(withCompanion, { application });
  };
  const verified = async ({ layout }: { readonly layout: string }) =>
    withImageSource(layout, (source) => verifyImage(source, { architecture }));

  test('are beside the enclave, where its host looks for them, and verify finds what the enclave declares', async () => {
    const made = await built(toHex(digest), content);
    const application = made.layers.at(-1)?.digest ?? '';
    const tar = gunzipSync(readFileSync(join(made.layout, 'blobs/sha256', application.slice(7)))).toString('latin1');
    assert.ok(tar.includes(`app/enclave/vault.files/${toHex(digest)}`));
    const { declared } = await verified(made);
    assert.deepEqual(
      declared?.companions.map(({ name }) => name),
      ['engine'],
    );
  });

  test('are refused when one is missing, or is another', async () => {
    for (const [path, bytes] of [
      [toHex(digest), utf8('machine cude')],
      ['ab'.repeat(32), content],
      ['engine.node', content],
    ] as const) {
      await assert.rejects(async () => verified(await built(path, bytes)), { code: 'OCI_IMAGE_REFUSED' });
    }
  });
});

test('files of the application do not take the places of the image', async () => {
  const content = bytesContent(utf8('x'));
  for (const path of ['host.mjs', 'enclave/other.sgxs', 'node_modules/x', 'enclave']) {
    const application = { ...signed, host: utf8(''), files: [{ path, content }] };
    await assert.rejects(buildSample(signed, { application }), { code: 'OCI_BASE_UNUSABLE' }, path);
  }
});

test('a program beside the host is one module of the image, and in its bill of materials', async () => {
  const programs = [{ name: 'client', script: utf8('console.log(2)') }];
  const { layout, sbom, layers } = await buildSample(signed, {
    application: { ...signed, host: utf8('console.log(1)'), programs },
  });
  const application = layers.at(-1)?.digest ?? '';
  const tar = gunzipSync(readFileSync(join(layout, 'blobs/sha256', application.slice(7)))).toString('latin1');
  assert.match(tar, /app\/client\.mjs\0[^]*console\.log\(2\)/);
  const { layers: statements } = json(layout, sbom.digest) as { layers: { digest: string }[] };
  const { components } = json(layout, statements[0]?.digest ?? '') as { components: { name: string }[] };
  assert.ok(components.some(({ name }) => name === 'client.mjs'));
});

test('programs do not take the places of the image, or of each other', async () => {
  const script = utf8('');
  const content = bytesContent(script);
  const clashes: readonly Partial<Application>[] = [
    { programs: [{ name: 'host', script }] },
    { programs: [{ name: 'start', script }] },
    {
      programs: [
        { name: 'a', script },
        { name: 'a', script },
      ],
    },
    { programs: [{ name: 'a', script }], files: [{ path: 'a.mjs', content }] },
  ];
  for (const clash of clashes) {
    const application = { ...signed, host: utf8(''), ...clash };
    await assert.rejects(buildSample(signed, { application }), { code: 'OCI_BASE_UNUSABLE' }, JSON.stringify(clash));
  }
});

test('nothing is left, and nothing replaced, when a build fails', async () => {
  const folder = temporaryFolder();
  const layoutFolder = join(folder, 'image.oci');
  await assert.rejects(buildSample(signed, { layoutFolder, base: { path: join(folder, 'none') } }));
  assert.deepEqual(readdirSync(folder), []);
  mkdirSync(layoutFolder);
  writeFileSync(join(layoutFolder, 'letters'), 'precious');
  await assert.rejects(buildSample(signed, { layoutFolder }), { code: 'OCI_LAYOUT_INVALID' });
  assert.equal(readFileSync(join(layoutFolder, 'letters'), 'utf8'), 'precious');
});

test('a layout is replaced by the next one', async () => {
  const layoutFolder = join(temporaryFolder(), 'image.oci');
  await buildSample(signed, { layoutFolder });
  const { descriptor } = await buildSample(signed, { layoutFolder, createdSeconds: 5 });
  const facts = await withImageSource(layoutFolder, (source) => describeImage(source, { architecture }));
  assert.equal(facts.digest, descriptor.digest);
});

test('an archive holds the image, and verifies like its layout', async () => {
  const archiveFile = join(temporaryFolder(), 'image.tar');
  const { descriptor } = await buildSample(signed, { archiveFile });
  const verified = await withImageSource(archiveFile, (source) => verifyImage(source, { architecture }));
  assert.equal(verified.digest, descriptor.digest);
});

test('a file that is no layout is refused', async () => {
  const path = join(temporaryFolder(), 'x.tar');
  const entry: LayerEntry = file('hello', 'x');
  for (const bytes of [await archive([entry]), utf8('no tar at all'), new Uint8Array()]) {
    writeFileSync(path, bytes);
    await assert.rejects(
      withImageSource(path, async () => undefined),
      { code: 'OCI_LAYOUT_INVALID' },
    );
  }
});

test('an archive that ends within a blob is refused', async () => {
  const archiveFile = join(temporaryFolder(), 'image.tar');
  await buildSample(signed, { archiveFile });
  const bytes = readFileSync(archiveFile);
  // All names first, so that it is taken for a layout.
  const cut = join(temporaryFolder(), 'cut.tar');
  const mark = await archive([file('oci-layout', '{"imageLayoutVersion":"1.0.0"}')]);
  writeFileSync(cut, Buffer.concat([mark.subarray(0, 1024), bytes.subarray(0, bytes.length / 2)]));
  await assert.rejects(
    withImageSource(cut, async () => undefined),
    { code: 'OCI_LAYER_INVALID' },
  );
});

test('a time that an archive does not hold is refused', async () => {
  for (const createdSeconds of [-1, 1.5, 8 ** 11]) {
    await assert.rejects(buildSample(signed, { createdSeconds }), { code: 'BUILD_DATE_INVALID' });
  }
});

test('without mmdebstrap a Debian is refused', async (t) => {
  const { PATH: before } = process.env;
  t.after(() => void (process.env['PATH'] = before));
  process.env['PATH'] = temporaryFolder();
  await assert.rejects(buildSample(signed, { base: 'debian' }), { code: 'OCI_BASE_TOOL_MISSING' });
});

test('a program with a private network brings the relay, and another enclave does not', async () => {
  const manifest = (network: 'private' | 'declared'): EnclaveManifest => ({
    ...manifestFields({ version: '24.0.0', digests: [] }),
    program: { architecture: 'linux-x64', network, arguments: [], output: 'log' },
  });
  assert.deepEqual(await relayFiles(manifest('declared'), architecture), []);
  const relay = findRelay();
  if (relay === undefined) {
    await assert.rejects(relayFiles(manifest('private'), architecture), { code: 'OCI_BASE_UNUSABLE' });
  } else {
    const found = await relayFiles(manifest('private'), architecture);
    assert.deepEqual(
      found.map(({ path, content }) => [path, content.sizeBytes]),
      [['native/enclos-relay', statSync(relay).size]],
    );
  }
  const other = architecture === 'arm64' ? 'amd64' : 'arm64';
  await assert.rejects(relayFiles(manifest('private'), other), { code: 'OCI_BASE_UNUSABLE' });
});
