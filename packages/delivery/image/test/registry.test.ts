import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  describeImage,
  parseReference,
  pullImage,
  pushImage,
  verifyImage,
  withImageSource,
  type RegistryOptions,
} from '../src/index.ts';
import { digestOf } from '../src/digest.ts';
import { encodeJson } from '../src/json.ts';
import { parseChallenge } from '../src/registry/authorization.ts';
import { originOf } from '../src/registry/reference.ts';
import { buildSample, temporaryFolder } from './sample.ts';
import { registryUser, startRegistry, type TestRegistry, type TestRegistryOptions } from '@enclos/testkit';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const built = await buildSample();
const { user, password } = registryUser;

async function registry(t: TestContext, options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const started = await startRegistry(options);
  t.after(() => started.close());
  return started;
}

const push = (host: string, options: RegistryOptions = {}, tag = ':1') =>
  withImageSource(built.layout, (source) =>
    pushImage(source, { reference: parseReference(`${host}/team/vault${tag}`), choice: { architecture } }, options),
  );

const pull = async (host: string, options: RegistryOptions = {}, tag = ':1') => {
  const layout = join(temporaryFolder(), 'pulled.oci');
  const pulled = await pullImage(parseReference(`${host}/team/vault${tag}`), layout, { architecture, ...options });
  return { ...pulled, layout };
};

for (const referrers of [true, false]) {
  test(`an image comes back as it was pushed, ${referrers ? 'with' : 'without'} referrers of the registry`, async (t) => {
    const { host, manifests } = await registry(t, { referrers });
    const pushed = await push(host);
    assert.equal(pushed.digest, built.descriptor.digest);
    const { layout, ...pulled } = await pull(host);
    assert.equal(pulled.digest, built.descriptor.digest);
    assert.deepEqual(new Set(pulled.referrers), new Set([built.sbom.digest, built.provenance.digest]));
    const verified = await withImageSource(layout, (source) => verifyImage(source, { architecture }));
    assert.deepEqual(verified.identity, built.identity);
    const facts = await withImageSource(layout, (source) => describeImage(source, { architecture }));
    assert.equal(facts.referrers.length, 2);
    assert.equal(manifests.has(`team/vault@${pushed.digest.replace(':', '-')}`), !referrers);
  });
}

test('what the registry has is not sent again, and the fallback list does not grow', async (t) => {
  const { host, requests, manifests } = await registry(t);
  assert.ok((await push(host)).uploaded > 3);
  requests.length = 0;
  assert.equal((await push(host)).uploaded, 0);
  assert.deepEqual(
    requests.filter((request) => request.startsWith('POST')),
    [],
  );
  const list = manifests.get(`team/vault@${built.descriptor.digest.replace(':', '-')}`);
  assert.equal((JSON.parse(list?.bytes.toString() ?? '') as { manifests: unknown[] }).manifests.length, 2);
});

test('the tag is put last', async (t) => {
  const { host, requests } = await registry(t);
  await push(host);
  assert.match(requests.at(-1) ?? '', /^PUT .*\/manifests\/1$/);
});

for (const auth of ['basic', 'bearer'] as const) {
  test(`credentials are given when a registry asks for them: ${auth}`, async (t) => {
    const { host } = await registry(t, { auth });
    const credentials = { user, password };
    await push(host, { credentials });
    await pull(host, { credentials });
    await assert.rejects(pull(host), { code: 'OCI_REGISTRY_REFUSED' });
    await assert.rejects(pull(host, { credentials: { user, password: 'wrong' } }), { code: 'OCI_REGISTRY_REFUSED' });
  });
}

test('no credentials go along when a registry sends its clients elsewhere for blobs', async (t) => {
  const { host, strayCredentials, requests } = await registry(t, { auth: 'basic', redirects: true });
  await push(host, { credentials: { user, password } });
  await pull(host, { credentials: { user, password } });
  assert.ok(requests.some((request) => request.includes('/elsewhere/')));
  assert.deepEqual(strayCredentials, []);
});

test('an error says nothing of the password', async (t) => {
  const { host } = await registry(t, { auth: 'basic' });
  await assert.rejects(pull(host, { credentials: { user, password: 'very secret' } }), (error) => {
    assert.doesNotMatch(JSON.stringify(error) + String((error as Error).stack), /very secret|dmVyeSBzZWNyZXQ/);
    return true;
  });
});

test('pulling by digest gets that image or none', async (t) => {
  const { host, manifests } = await registry(t);
  await push(host);
  const { digest } = built.descriptor;
  assert.equal((await pull(host, {}, `@${digest}`)).digest, digest);
  const other = manifests.get(`team/vault@${built.sbom.digest}`);
  assert.ok(other);
  manifests.set(`team/vault@${digest}`, other);
  await assert.rejects(pull(host, {}, `@${digest}`), { code: 'OCI_DIGEST_MISMATCH' });
});

test('blobs that are other ones, shorter, longer or missing are refused, and nothing is left', async (t) => {
  const { host, blobs } = await registry(t);
  await push(host);
  const [layer] = built.layers;
  assert.ok(layer);
  const good = blobs.get(layer.digest);
  assert.ok(good);
  const flipped = Buffer.from(good);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  for (const bad of [flipped, good.subarray(1), Buffer.concat([good, good])]) {
    blobs.set(layer.digest, bad);
    const layout = join(temporaryFolder(), 'pulled.oci');
    const pulling = pullImage(parseReference(`${host}/team/vault:1`), layout, { architecture });
    await assert.rejects(pulling, { code: 'OCI_DIGEST_MISMATCH' });
    assert.equal(existsSync(layout), false);
  }
  blobs.delete(layer.digest);
  await assert.rejects(pull(host), { code: 'OCI_NOT_FOUND' });
});

const indexType = 'application/vnd.oci.image.index.v1+json';
const statements: readonly (readonly [what: string, change: (text: string) => string, type?: string])[] = [
  ['is about another image', (text) => text.replace(built.descriptor.digest, `sha256:${'ab'.repeat(32)}`)],
  ['says of no kind what it is', (text) => text.replace('"artifactType"', '"someType"')],
  ['is too large', (text) => text.replace(/("layers":.*?"size":)\d+/, '$199999999')],
  ['is an index', () => JSON.stringify({ schemaVersion: 2, manifests: [] }), indexType],
];

for (const [what, change, type] of statements) {
  test(`a referrer that ${what} is left out`, async (t) => {
    const { host, manifests } = await registry(t);
    await push(host);
    const sbom = manifests.get(`team/vault@${built.sbom.digest}`);
    assert.ok(sbom);
    const bytes = Buffer.from(change(sbom.bytes.toString()));
    assert.notDeepEqual(bytes, sbom.bytes);
    const listed = { mediaType: type ?? sbom.type, digest: digestOf(bytes), size: bytes.length };
    manifests.set(`team/vault@${listed.digest}`, { bytes, type: listed.mediaType });
    const tag = `team/vault@${built.descriptor.digest.replace(':', '-')}`;
    manifests.set(tag, { bytes: Buffer.from(encodeJson({ schemaVersion: 2, manifests: [listed] })), type: indexType });
    assert.deepEqual((await pull(host)).referrers, []);
  });
}

const answers: readonly (readonly [what: string, options: TestRegistryOptions, code: string])[] = [
  ['is busy', { answer: (_request, response) => response.writeHead(503).end() !== undefined }, 'OCI_REGISTRY_FAILED'],
  [
    'answers with something else',
    {
      answer: (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('hi') !== undefined,
    },
    'OCI_REGISTRY_ANSWER_INVALID',
  ],
  [
    'answers without an end',
    {
      answer(_request, response) {
        response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
        const more = (): void => void (response.destroyed || response.write(Buffer.alloc(1024 * 1024), more));
        more();
        return true;
      },
    },
    'OCI_REGISTRY_ANSWER_INVALID',
  ],
  [
    'redirects in circles',
    { answer: (request, response) => response.writeHead(307, { location: request.url }).end() !== undefined },
    'OCI_REGISTRY_ANSWER_INVALID',
  ],
  [
    'redirects away from TLS',
    { answer: (_request, response) => response.writeHead(307, { location: 'http://192.0.2.1/' }).end() !== undefined },
    'OCI_REGISTRY_ANSWER_INVALID',
  ],
  [
    'names a place for tokens that is not over TLS',
    {
      answer: (_request, response) =>
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://192.0.2.1/"' }).end() !== undefined,
    },
    'OCI_REGISTRY_ANSWER_INVALID',
  ],
];

for (const [what, options, code] of answers) {
  test(`a registry that ${what} is left`, async (t) => {
    const { host } = await registry(t, options);
    await assert.rejects(pull(host, { credentials: { user, password } }), { code });
  });
}

test('a registry that does not answer is left in time', async (t) => {
  const { host } = await registry(t, { answer: () => true });
  await assert.rejects(pull(host, { timeoutMs: 100 }), { code: 'OCI_REGISTRY_UNREACHABLE', message: /100 ms/ });
  await assert.rejects(pull('127.0.0.1:1'), { code: 'OCI_REGISTRY_UNREACHABLE' });
});

test('a push to a digest that the image does not have is refused', async (t) => {
  const { host } = await registry(t);
  await assert.rejects(push(host, {}, `@sha256:${'ab'.repeat(32)}`), { code: 'OCI_REFERENCE_INVALID' });
});

test('parseReference() reads the parts of a reference', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const parts = { host: 'registry.example:5000', name: 'team/vault_x', tag: 'v1.0', digest };
  assert.deepEqual(parseReference(`registry.example:5000/team/vault_x:v1.0@${digest}`), parts);
  assert.deepEqual(parseReference('localhost/a').tag, undefined);
  assert.equal(parseReference('[::1]:5000/a:b').host, '[::1]:5000');
});

test('parseReference() refuses what is no reference', () => {
  const bad = [
    '',
    'vault',
    'team/vault:1',
    'registry.example/',
    'registry.example/Vault',
    'registry.example/a:',
    'registry.example/a/../b',
  ];
  const worse = [
    'user@registry.example/a',
    'http://registry.example/a',
    'registry.example/a@sha256:00',
    'registry.example:99999x/a',
    'registry.example/a?b',
  ];
  for (const text of [...bad, ...worse]) {
    assert.throws(() => parseReference(text), { code: 'OCI_REFERENCE_INVALID' }, text);
  }
});

test('only this machine is spoken to without TLS', () => {
  assert.equal(originOf('127.0.0.1:5000'), 'http://127.0.0.1:5000');
  assert.equal(originOf('localhost'), 'http://localhost');
  assert.equal(originOf('[::1]:5000'), 'http://[::1]:5000');
  for (const host of ['registry.example', '127.0.0.1.example', 'localhost.example', '10.0.0.1:5000']) {
    assert.equal(originOf(host), `https://${host}`);
  }
});

test('parseChallenge() reads challenges, the first of two equal parameters, and nothing else', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/token",service="s",scope="x:y,z",realm="https://b"'), {
    scheme: 'bearer',
    parameters: { realm: 'https://a/token', service: 's', scope: 'x:y,z' },
  });
  assert.equal(parseChallenge('basic realm="x"')?.scheme, 'basic');
  assert.equal(parseChallenge('Negotiate abc'), undefined);
});
