import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { toHex, utf8 } from '@enclos/codec';
import { generateSigningKey } from '@enclos/sgx/node';
import { findStub } from '@enclos/sgx-stub';
import { intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';
import {
  buildSignedImage,
  describeImage,
  signedNameOf,
  verifyImage,
  withImageSource,
  type SignedApplication,
} from '../src/index.ts';
import { digestOf } from '../src/digest.ts';
import { encodeJson } from '../src/json.ts';
import { mediaTypes } from '../src/oci/documents.ts';
import { bytesContent, type LayerEntry } from '../src/tar/entry.ts';
import { archive, baseArchive, file, temporaryFolder } from './sample.ts';

test('an image has the name of its file', () => {
  const names = {
    '/a/libVault_1.signed.so': 'libvault-1',
    'enclave.signed': 'enclave',
    '0.so': 'enclave',
    '1a_.so': 'a',
  };
  for (const [path, name] of Object.entries(names)) assert.equal(signedNameOf(path), name);
});

const key = generateSigningKey();
const mebibyte = 1024 * 1024;
const host = utf8('console.log(1)');
const cacheFolder = temporaryFolder();

interface Sample {
  readonly layout: string;
  readonly digest: string;
}

async function build(application: SignedApplication, entries?: readonly LayerEntry[]): Promise<Sample> {
  const layout = join(temporaryFolder(), 'image.oci');
  const { descriptor } = await buildSignedImage({
    application,
    base: { path: await baseArchive(entries) },
    layoutFolder: layout,
    // The true Node is compressed once.
    cacheFolder,
    architecture: 'amd64',
    tool: { name: 'enclos', version: '0.0.0' },
  });
  return { layout, digest: descriptor.digest };
}

const verify = ({ layout }: Sample) =>
  withImageSource(layout, (source) => verifyImage(source, { architecture: 'amd64' }));

function carrying(signed: Uint8Array): SignedApplication {
  return { name: 'vault', file: signed, host };
}

nativeTest('an image holds the signed file as it is, the stub, and labels of the enclave', async () => {
  const { signed, mrEnclave } = intelEnclave({ key });
  const built = await build(carrying(signed));
  const { name, identity, signedFile, declared, interpreter } = await verify(built);
  assert.deepEqual([name, identity.mrEnclave, identity.debug], ['vault', toHex(mrEnclave), false]);
  assert.deepEqual([signedFile?.sdk, declared, interpreter], ['intel', undefined, undefined]);
  const facts = await withImageSource(built.layout, (source) => describeImage(source, { architecture: 'amd64' }));
  // The kit's signature leaves DEBUG open; its pages, 32 MiB and two stacks are shared by default.
  assert.equal(facts.labels['dev.enclos.debug'], 'true');
  const stacks = 2 * mebibyte;
  const pages = (signedFile?.memoryBytes ?? 0) - 32 * mebibyte - stacks;
  assert.ok(pages > 0 && pages < mebibyte, String(pages));
  assert.equal(facts.labels['dev.enclos.mrenclave'], toHex(mrEnclave));
  assert.equal(facts.labels['dev.enclos.mrsigner'], identity.mrSigner);
  const last = facts.layers.at(-1)?.digest.slice(7) ?? '';
  const layer = gunzipSync(readFileSync(join(built.layout, 'blobs/sha256', last)));
  for (const bytes of [signed, readFileSync(findStub().path)]) assert.ok(layer.includes(Buffer.from(bytes)));
  for (const path of ['app/enclave/vault.signed', 'app/native/enclos-sgx-stub', 'app/native/enclos-sgx-stub.json']) {
    assert.ok(layer.includes(path), path);
  }
  assert.equal((await build(carrying(signed))).digest, built.digest);
});

nativeTest('only a signature that masks DEBUG gives the label of a production enclave', async () => {
  const attributeMask = { flags: 0xffff_ffff_ffff_ffffn, xfrm: 0n };
  const { signed } = intelEnclave({ key, fields: { attributeMask } });
  const { layout } = await build(carrying(signed));
  const facts = await withImageSource(layout, (source) => describeImage(source, { architecture: 'amd64' }));
  assert.equal(facts.labels['dev.enclos.debug'], 'false');
});

nativeTest('an enclave of Open Enclave is carried as well', async () => {
  const { signed, mrEnclave } = openEnclave({ key });
  const { identity, signedFile } = await verify(await build(carrying(signed)));
  assert.deepEqual([identity.mrEnclave, signedFile?.sdk], [toHex(mrEnclave), 'open-enclave']);
});

nativeTest('a file that is not the signed one, or has no signature, is refused', async () => {
  const { signed, elf, sigstructAt } = intelEnclave({ key });
  await assert.rejects(build(carrying(elf)), { code: 'ENCLAVE_FILE_NOT_SIGNED' });
  const forged = signed.slice();
  // ISVSVN, which the signature covers.
  forged[sigstructAt + 1026] = 9;
  await assert.rejects(build(carrying(forged)), { code: 'SIGSTRUCT_SIGNATURE' });
  const other = intelEnclave({ key, heapPages: 17 });
  const exchanged = signed.slice();
  exchanged.set(other.sigstruct, sigstructAt);
  await assert.rejects(build(carrying(exchanged)), { code: 'LAUNCH_MEASUREMENT_MISMATCH' });
  await assert.rejects(build(carrying(utf8('#!/bin/sh'))), { code: 'ENCLAVE_FILE_INVALID' });
});

nativeTest('names, places and architectures that do not fit are refused', async () => {
  const { signed } = intelEnclave({ key });
  for (const name of ['', 'Vault', 'a/b', '1a', 'a'.repeat(64)]) {
    await assert.rejects(build({ ...carrying(signed), name }), { code: 'OCI_IMAGE_REFUSED' }, name);
  }
  const files = [{ path: 'native/enclos-sgx-stub', content: bytesContent(host) }];
  await assert.rejects(build({ ...carrying(signed), files }), { code: 'OCI_BASE_UNUSABLE' });
});

nativeTest('an image that says or holds something else than its signed file is refused', async () => {
  const { signed } = intelEnclave({ key });
  const built = await build(carrying(signed));
  const refused = async (changed: Sample, message: RegExp): Promise<void> => {
    await assert.rejects(verify(changed), { code: 'OCI_IMAGE_REFUSED', message });
  };
  await verify(await changedImage(built, () => undefined));
  const second = await archive([file('app/enclave/other.signed', 'x')]);
  await refused(await changedImage(built, () => undefined, second), /2 enclaves/);
  const label = (run: Run): void => void (run.Labels['dev.enclos.mrsigner'] = '00'.repeat(32));
  await refused(await changedImage(built, label), /label dev\.enclos\.mrsigner/);
  const variable = (run: Run): void => void run.Env.push('ENCLOS_SIGNATURE=/tmp/other.sig');
  await refused(await changedImage(built, variable), /ENCLOS_SIGNATURE is .*should be absent/);
  const other = [file('app/enclave/other.signed', 'x')];
  await assert.rejects(build(carrying(signed), other), { code: 'OCI_BASE_UNUSABLE' });
});

interface Run {
  readonly Labels: Record<string, string>;
  readonly Env: string[];
}

/** A copy of an image that says something else of itself, with another layer upon it. */
async function changedImage(built: Sample, change: (run: Run) => void, layer?: Uint8Array): Promise<Sample> {
  const layout = join(temporaryFolder(), 'changed.oci');
  cpSync(built.layout, layout, { recursive: true });
  const blob = (digest: string): string => join(layout, 'blobs/sha256', digest.slice(7));
  const add = (bytes: Uint8Array, mediaType: string) => {
    const digest = digestOf(bytes);
    writeFileSync(blob(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  // Written by the build just before.
  const manifest = JSON.parse(readFileSync(blob(built.digest), 'utf8')) as {
    config: { digest: string };
    layers: object[];
  };
  const config = JSON.parse(readFileSync(blob(manifest.config.digest), 'utf8')) as {
    readonly config: Run;
    readonly rootfs: { readonly diff_ids: string[] };
  };
  change(config.config);
  if (layer !== undefined) {
    manifest.layers.push(add(layer, mediaTypes.layer));
    config.rootfs.diff_ids.push(digestOf(layer));
  }
  const described = { ...manifest, config: add(encodeJson(config), mediaTypes.config) };
  const image = add(encodeJson(described), mediaTypes.manifest);
  writeFileSync(join(layout, 'index.json'), encodeJson({ schemaVersion: 2, manifests: [image] }));
  return { layout, digest: image.digest };
}
