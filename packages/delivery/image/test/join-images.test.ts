import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRegistry } from '@enclos/testkit';
import {
  joinImages,
  parseReference,
  pullImage,
  pushImage,
  verifyImage,
  withImageSource,
  type Architecture,
  type ImageSource,
} from '../src/index.ts';
import { digestOf } from '../src/digest.ts';
import { buildSample, enclave, foreignInterpreter, temporaryFolder } from './sample.ts';

const own: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const other: Architecture = own === 'amd64' ? 'arm64' : 'amd64';
const signed = enclave();
const here = await buildSample(signed);
const interpreterFile = join(temporaryFolder(), 'node');
writeFileSync(interpreterFile, foreignInterpreter);
const there = await buildSample(signed, { architecture: other, interpreter: interpreterFile });

const open = (layout: string): Promise<ImageSource> => withImageSource(layout, (source) => Promise.resolve(source));

async function joined(...layouts: readonly string[]) {
  const layoutFolder = join(temporaryFolder(), 'joined.oci');
  const sources = await Promise.all(layouts.map(open));
  return { ...(await joinImages(sources, { layoutFolder, tag: 'both' })), layoutFolder };
}

/** The image for this machine, run by another user. */
function ofUser(user: string): string {
  const layout = join(temporaryFolder(), 'other-user.oci');
  cpSync(here.layout, layout, { recursive: true });
  const read = (digest: string): string => readFileSync(join(layout, 'blobs/sha256', digest.slice(7)), 'utf8');
  const put = (content: object) => {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    writeFileSync(join(layout, 'blobs/sha256', digest.slice(7)), bytes);
    return { digest, size: bytes.length };
  };
  const config = JSON.parse(read(here.config)) as { readonly config: object };
  const changed = put({ ...config, config: { ...config.config, User: user } });
  const manifest = JSON.parse(read(here.descriptor.digest)) as { readonly config: object };
  const image = put({ ...manifest, config: { ...manifest.config, ...changed } });
  const manifests = [{ ...here.descriptor, ...image }];
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return layout;
}

test('images of two architectures become one index, from which each verifies', async () => {
  const { images, digest, layoutFolder } = await joined(here.layout, there.layout);
  assert.deepEqual(images, [
    { architecture: own, digest: here.descriptor.digest },
    { architecture: other, digest: there.descriptor.digest },
  ]);
  const source = await open(layoutFolder);
  for (const architecture of [own, other]) {
    assert.equal((await verifyImage(source, { architecture, tag: 'both' })).architecture, architecture);
  }
  // The digest follows from the images alone.
  assert.equal((await joined(here.layout, there.layout)).digest, digest);
});

test('an index is pushed with all of its images, its tag last, and each architecture pulls its own', async (t) => {
  const { digest, layoutFolder } = await joined(here.layout, there.layout);
  const registry = await startRegistry({});
  t.after(() => registry.close());
  const reference = parseReference(`${registry.host}/team/vault:1`);
  const pushed = await pushImage(await open(layoutFolder), { reference, choice: { architecture: own } });
  assert.equal(pushed.digest, digest);
  assert.equal(pushed.referrers.length, 4);
  assert.match(registry.requests.at(-1) ?? '', /^PUT .*\/manifests\/1$/);
  for (const [architecture, built] of [
    [own, here],
    [other, there],
  ] as const) {
    const pulled = await pullImage(reference, join(temporaryFolder(), 'pulled.oci'), { architecture });
    assert.equal(pulled.digest, built.descriptor.digest);
    assert.equal(pulled.referrers.length, 2);
  }
});

test('what makes no index is refused, and nothing is left', async () => {
  const code = 'OCI_LAYOUT_INVALID';
  await assert.rejects(joined(here.layout), { code, message: /^An index takes two images or more\.$/ });
  await assert.rejects(joined(here.layout, here.layout), { code, message: /^Two of the images are for the same/ });
  const { layoutFolder } = await joined(here.layout, there.layout);
  await assert.rejects(joined(layoutFolder, there.layout), { code, message: /is an index already/ });
  await assert.rejects(joined(ofUser('1234:1234'), there.layout), { code, message: /they differ in User\.$/ });
});

test('a blob that is not what its digest says is refused', async () => {
  const damaged = join(temporaryFolder(), 'damaged.oci');
  cpSync(there.layout, damaged, { recursive: true });
  const [layer] = there.layers;
  const path = join(damaged, 'blobs/sha256', layer?.digest.slice(7) ?? '');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(joined(here.layout, damaged), { code: 'OCI_DIGEST_MISMATCH' });
});
