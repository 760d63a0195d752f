import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { jwkOf } from '@enclos/jose';
import fc from 'fast-check';
import {
  allowedModel,
  allowedModels,
  modelManifestBytes,
  modelManifestDigest,
  readModelManifest,
  verifyCatalogue,
  writeCatalogue,
  type CatalogueContent,
  type ModelEntry,
} from '../src/index.ts';
import { signerOf } from './signers.ts';

const signer = signerOf('ES256');
const second = signerOf('EdDSA');
const stranger = signerOf('ES256');
const pin = { keys: [signer.key, second.key], floor: 3 };
const model: ModelEntry = {
  name: 'digits',
  version: '1.0',
  digest: 'ab'.repeat(32),
  sizeBytes: 26_454,
  owner: second.key,
  keepKey: 'sealed',
  limits: { maxRunMs: 1000, maxInputBytes: 65_536 },
};
const content: CatalogueContent = { version: 3, issued: '2026-11-29T12:00:00Z', models: [model] };
const refused = (code: ErrorCode, message?: RegExp) => (error: unknown) =>
  isEnclosError(error, code) && (message?.test(error.message) ?? true);
const verify = async (text: string, known?: { version: number; digest: string }): ReturnType<typeof verifyCatalogue> =>
  verifyCatalogue(text, { pin, known });

test('a catalogue that either pinned key signed says which models may be served', async () => {
  for (const by of [signer, second]) {
    const catalogue = await verify(await writeCatalogue(content, by));
    assert.deepEqual(catalogue.models, [model]);
    assert.deepEqual([catalogue.version, catalogue.issued], [3, '2026-11-29T12:00:00Z']);
    assert.match(catalogue.digest, /^[0-9a-f]{64}$/);
  }
});

test('a catalogue of another key, for another purpose or with any character changed is refused', async () => {
  const invalid = refused('MODEL_CATALOGUE_INVALID');
  await assert.rejects(verify(await writeCatalogue(content, stranger)), invalid);
  const text = await writeCatalogue(content, signer);
  const input = [{ alg: 'ES256', typ: 'JWT' }, content]
    .map((part) => toBase64url(utf8(JSON.stringify(part))))
    .join('.');
  await assert.rejects(verify(`${input}.${toBase64url(signer.sign(utf8(input)))}`), invalid);
  for (const wrong of ['', 'a.b.c', text.slice(1), `${text}A`]) await assert.rejects(verify(wrong), invalid);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: text.length - 1 }),
      fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
      async (at, character) => {
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        if (changed !== text) await assert.rejects(verify(changed), invalid);
      },
    ),
  );
});

test('no older catalogue replaces a newer one, and no second one of a version', async () => {
  const old = refused('MODEL_CATALOGUE_OLD');
  const textOf = async (version: number, issued = content.issued): Promise<string> =>
    writeCatalogue({ ...content, version, issued }, signer);
  await assert.rejects(verify(await textOf(2)), old);
  const known = await verify(await textOf(7));
  await assert.rejects(verify(await textOf(6), known), old);
  assert.deepEqual(await verify(await textOf(7), known), known);
  await assert.rejects(verify(await textOf(7, '2026-11-30T12:00:00Z'), known), old);
  assert.equal((await verify(await textOf(8), known)).version, 8);
});

test('a signed catalogue that is malformed is refused', async () => {
  const signed = (claims: object): string => {
    const header = { alg: 'ES256', typ: 'enclos-model-catalogue+jws' };
    const input = [header, claims].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.');
    return `${input}.${toBase64url(signer.sign(utf8(input)))}`;
  };
  const plain = { ...model, owner: jwkOf(second.key) };
  const good = { ...content, models: [plain] };
  await verify(signed(good));
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ ...good, version: -1 }, /version/],
    [{ ...good, version: 1.5 }, /version/],
    [{ ...good, issued: 'today' }, /issued/],
    [{ ...good, more: 1 }, /more/],
    [{ ...good, models: {} }, /models/],
    [{ ...good, models: [plain, plain] }, /twice/],
    [{ ...good, models: [plain, { ...plain, version: '2' }] }, /twice/],
  ];
  for (const [claims, message] of wrong) {
    await assert.rejects(verify(signed(claims)), refused('MODEL_CATALOGUE_INVALID', message));
  }
});

const manifestText = (change: object = {}, modelChange: object = {}): string =>
  JSON.stringify({
    models: [{ ...model, owner: jwkOf(second.key), ...modelChange }],
    catalogue: { keys: [jwkOf(signer.key)], floor: 3 },
    ...change,
  });

test('a manifest names models, and whose catalogues may add to them', () => {
  const manifest = readModelManifest(manifestText());
  assert.deepEqual(manifest, { models: [model], catalogue: { keys: [signer.key], floor: 3 } });
  const bare = readModelManifest(
    manifestText({ catalogue: undefined }, { owner: undefined, keepKey: undefined, limits: undefined }),
  );
  const { name, version, digest, sizeBytes } = model;
  const broker = manifestText({}, { owner: undefined, keepKey: undefined, keyId: 'kbs:///default/model/digits' });
  assert.equal(readModelManifest(broker).models[0]?.keyId, 'kbs:///default/model/digits');
  assert.deepEqual(bare, { models: [{ name, version, digest, sizeBytes, limits: {} }] });
});

test('mistakes in a manifest are named, all at once', () => {
  const broken = (message: RegExp) => refused('MODEL_MANIFEST_INVALID', message);
  const changes: readonly (readonly [object, RegExp])[] = [
    [{ name: '../digits' }, /models\[0\]\.name/],
    [{ name: 'x'.repeat(129) }, /models\[0\]\.name/],
    [{ version: 'a/b' }, /models\[0\]\.version/],
    [{ digest: 'AB'.repeat(32) }, /models\[0\]\.digest/],
    [{ sizeBytes: 0 }, /models\[0\]\.sizeBytes/],
    [{ owner: { kty: 'RSA' } }, /models\[0\]\.owner/],
    [{ owner: { ...jwkOf(second.key), d: 'AA' } }, /models\[0\]\.owner/],
    [{ limits: { maxRunMs: 0 } }, /models\[0\]\.limits\.maxRunMs/],
    [{ limits: { seconds: 1 } }, /models\[0\]\.limits\.seconds/],
    [{ keyId: 'digits.key' }, /models\[0\]\.keyId/],
    [{ keyId: 'kbs:///default/../digits' }, /models\[0\]\.keyId/],
    [{ keyId: 'release:///digits/1' }, /models\[0\]\.keyId/],
    [{ keyId: 'release:///digits' }, /models\[0\]\.owner: excludes keyId/],
    [{ owner: undefined }, /models\[0\]\.keepKey: is for/],
    [{ keepKey: 'memory' }, /models\[0\]\.keepKey/],
    [{ digset: '' }, /models\[0\]\.digset/],
  ];
  for (const [change, message] of changes) {
    assert.throws(() => readModelManifest(manifestText({}, change)), broken(message));
  }
  assert.throws(
    () => readModelManifest(manifestText({ catalogue: { keys: [], floor: 0 } })),
    broken(/must name a key/),
  );
  assert.throws(
    () => readModelManifest(manifestText({ catalogue: { keys: [7], floor: 0 } })),
    broken(/catalogue\.keys/),
  );
  assert.throws(() => readModelManifest(manifestText({ catalogue: { keys: [jwkOf(signer.key)] } })), broken(/floor/));
  assert.throws(() => readModelManifest('{"models":[]}'), broken(/no model/));
  assert.throws(() => readModelManifest('{"models":[],"models":[]}'), broken(/strict JSON/));
  assert.throws(() => readModelManifest(manifestText({}, { name: '', digest: '' })), broken(/name.*digest/));
});

test('a model is served if the manifest or its catalogue has it', async () => {
  const manifest = readModelManifest(manifestText());
  const added = { ...model, version: '2.0', digest: 'cd'.repeat(32) };
  const catalogue = await verify(await writeCatalogue({ ...content, models: [added] }, signer));
  const wanted = { name: 'digits', version: '2.0' };
  assert.deepEqual(allowedModel({ manifest }, model), model);
  assert.deepEqual(allowedModel({ manifest, catalogue }, wanted), added);
  assert.deepEqual(allowedModels({ manifest, catalogue }), [model, added]);
  // The manifest was measured, so its entry counts.
  const other = { ...model, digest: 'cd'.repeat(32) };
  const twin = await verify(await writeCatalogue({ ...content, models: [other] }, signer));
  assert.deepEqual(allowedModels({ manifest, catalogue: twin }), [model]);
  // Nor does a catalogue say whose key opens a model that was measured, by giving its bytes another name.
  const renamed = { ...model, name: 'letters', owner: stranger.key };
  const claimed = await verify(await writeCatalogue({ ...content, models: [renamed, added] }, signer));
  assert.deepEqual(allowedModels({ manifest, catalogue: claimed }), [model, added]);
  const notAllowed = refused('MODEL_NOT_ALLOWED');
  assert.throws(() => allowedModel({ manifest }, wanted), notAllowed);
  assert.throws(() => allowedModel({ manifest, catalogue }, { name: 'letters', version: '2.0' }), notAllowed);
  const closed = readModelManifest(manifestText({ catalogue: undefined }));
  assert.throws(() => allowedModel({ manifest: closed, catalogue }, wanted), notAllowed);
});

test('the digest of what is served depends on each part of it, and not on its order', async () => {
  const other = { ...model, name: 'letters', digest: 'cd'.repeat(32) };
  const digest = await modelManifestDigest({ models: [model, other], catalogueVersion: 3 });
  assert.equal(digest, await modelManifestDigest({ models: [other, model], catalogueVersion: 3 }));
  const bytes = modelManifestBytes({ models: [model, other], catalogueVersion: 3 });
  assert.equal(digest, createHash('sha256').update(bytes).digest('hex'));
  const served = [
    { models: [model, other] },
    { models: [model, other], catalogueVersion: 4 },
    { models: [model], catalogueVersion: 3 },
    ...[{ name: 'x' }, { version: 'x' }, { digest: 'ef'.repeat(32) }, { sizeBytes: 1 }].map((change) => ({
      models: [{ ...model, ...change }, other],
      catalogueVersion: 3,
    })),
  ];
  const digests = await Promise.all(served.map(async (each) => modelManifestDigest(each)));
  assert.equal(new Set([...digests, digest]).size, served.length + 1);
  assert.equal(
    toHex(modelManifestBytes({ models: [] })),
    `83${toHex(utf8('w'))}${toHex(utf8('enclos model manifest 1'))}f680`,
  );
});
