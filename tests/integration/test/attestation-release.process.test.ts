import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { compactDecrypt, createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  createWorkshop,
  loadClaimant,
  quoteFor,
  serviceScene,
  type Claimant,
  type DevelopmentConfiguration,
  type ServiceScene,
} from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const version = 'api-version=2025-06-01';
const secret = new Uint8Array(randomBytes(65_536));
const permitAll = 'version=1.0; authorizationrules { => permit(); }; issuancerules {};';

/** A key as a claimant makes one, with the runtime data that tell of it. */
interface WrappingKey {
  readonly privateKey: KeyObject;
  readonly runtimeData: Uint8Array;
}

function wrappingKey(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): WrappingKey {
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'wrap', use: 'enc' };
  const fitting = jwk.kty === 'RSA' ? { ...jwk, alg: 'RSA-OAEP-256' } : jwk;
  return { privateKey: pair.privateKey, runtimeData: new TextEncoder().encode(JSON.stringify({ keys: [fitting] })) };
}

const rsa = wrappingKey(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const curve = wrappingKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }));

let scene: ServiceScene;
let other: Claimant;

const otherIssuer = (port = scene.port): string => `https://127.0.0.1:${port}`;

function withTenants(made: DevelopmentConfiguration, port: number): object {
  const [tenant] = made.tenants;
  return { tenants: [tenant, { ...tenant, issuer: otherIssuer(port) }] };
}

before(async () => {
  scene = await serviceScene(workshop, { change: withTenants });
  other = await loadClaimant(await workshop.signed('claimant', { threads: 5 }), scene.platform);
  await putSecret();
});
after(async () => {
  await other?.dispose();
  await scene?.close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly host?: string;
  readonly isManager?: boolean;
}

interface Answered {
  readonly status: number;
  readonly body: {
    readonly token?: string;
    readonly value?: string;
    readonly error?: { readonly code: string; readonly details?: { readonly rule: string; readonly reason?: string } };
  };
}

/** Of the service, over its TLS. */
function send({ method, path, body, host = 'localhost', isManager = false }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      host: `${host}:${scene.port}`,
      'content-length': text.length,
      ...(isManager ? { authorization: `Bearer ${scene.service.managementToken}` } : {}),
    };
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port: scene.port,
      path: `${path}?${version}`,
      method,
      headers,
    };
    const sent = request({ ...options, ca: scene.service.certificate, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(String(Buffer.concat(chunks))) as Answered['body'],
        }),
      );
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

/** For the claimant's measurement, on a platform that says what it is. */
function releasePolicy(): object {
  const allOf = [
    { claim: 'x-ms-sgx-mrenclave', equals: toHex(scene.claimant.identity.mrEnclave) },
    { claim: 'x-enclos-tcb.root.kind', equals: 'software' },
  ];
  return { version: '1.0.0', anyOf: [{ authority: `https://localhost:${scene.port}`, allOf }] };
}

async function putSecret(): Promise<void> {
  const body = { secret: Buffer.from(secret).toString('base64url'), releasePolicy: releasePolicy() };
  const { status, body: answer } = await send({ method: 'PUT', path: '/keys/disk-key', body, isManager: true });
  assert.equal(status, 200, JSON.stringify(answer));
}

async function attested(of: Claimant, key: WrappingKey, more: object = {}, host?: string): Promise<string> {
  const body = {
    quote: Buffer.from(await quoteFor(of, key.runtimeData)).toString('base64url'),
    runtimeData: { data: Buffer.from(key.runtimeData).toString('base64url'), dataType: 'JSON' },
    ...more,
  };
  const asked = { method: 'POST', path: '/attest/SgxEnclave', body, ...(host === undefined ? {} : { host }) };
  const { status, body: answer } = await send(asked);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer.token ?? '';
}

function release(target: string): Promise<Answered> {
  const body = { kid: 'disk-key', target, nonce: 'n-0S6_WzA2Mj' };
  return send({ method: 'POST', path: '/key/release', body });
}

/** Of the audit log, that of a release: its keys are asked for afterwards, and leave no line. */
function lastLine(): Readonly<Record<string, unknown>> {
  const lines = readFileSync(scene.service.auditFile, 'utf8').trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

async function unwrapped({ status, body }: Answered, { privateKey }: WrappingKey): Promise<Uint8Array> {
  assert.equal(status, 200, JSON.stringify(body));
  const keys = (await send({ method: 'GET', path: '/certs' })).body as unknown as JSONWebKeySet;
  const { payload } = await jwtVerify(body.value ?? '', createLocalJWKSet(keys), {
    issuer: `https://localhost:${scene.port}`,
  });
  assert.equal((payload['request'] as { readonly nonce?: string }).nonce, 'n-0S6_WzA2Mj');
  const { key } = (payload['response'] as { readonly key: { readonly key: { readonly jwe: string } } }).key;
  return new Uint8Array((await compactDecrypt(key.jwe, privateKey)).plaintext);
}

function refused({ status, body }: Answered, reason: string): void {
  assert.deepEqual([status, body.error?.code], [403, 'Forbidden'], JSON.stringify(body));
  const { rule, reason: why } = body.error?.details ?? {};
  assert.equal(why ?? rule, reason);
}

/** All that the host holds of the store and the log. */
function* filesOf(folder: string): Generator<Buffer> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path).isFile()) yield readFileSync(path);
  }
}

function secretRow(): string {
  const rows = readdirSync(scene.service.storeFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.row'))
    .map((name) => join(scene.service.storeFolder, name))
    .filter((path) => statSync(path).size > secret.length);
  assert.equal(rows.length, 1);
  return rows[0] ?? '';
}

describe('a secret that the service keeps', () => {
  test('is released to the claimant that its policy names, wrapped to an RSA key and to a curve key', async () => {
    for (const key of [rsa, curve]) {
      assert.deepEqual(await unwrapped(await release(await attested(scene.claimant, key)), key), secret);
    }
    const [call, outcome, measurement] = ['call', 'outcome', 'measurement'].map((name) => lastLine()[name]);
    assert.deepEqual([call, outcome, measurement], ['releaseSecret', 'ok', toHex(scene.claimant.identity.mrEnclave)]);
  });

  test('is not released to another measurement', async () => {
    assert.notDeepEqual(other.identity.mrEnclave, scene.claimant.identity.mrEnclave);
    refused(await release(await attested(other, rsa)), 'release-policy');
    assert.deepEqual(
      { ...lastLine(), time: '', requestId: '' },
      {
        time: '',
        requestId: '',
        tenant: `https://localhost:${scene.port}`,
        call: 'releaseSecret',
        who: 'anonymous',
        outcome: 'refused',
        error: 'Forbidden',
        rule: 'release-policy',
        secret: 'disk-key',
        measurement: toHex(other.identity.mrEnclave),
      },
    );
  });

  test('is not released to a draft', async () => {
    const draft = await attested(scene.claimant, rsa, { draftPolicyForAttestation: permitAll });
    assert.equal(decodeJwt(draft)['x-enclos-draft'], true);
    refused(await release(draft), 'algorithm');
  });

  test("is not released to another tenant's token", async () => {
    refused(await release(await attested(scene.claimant, rsa, {}, '127.0.0.1')), 'key-location');
  });

  test('is listed without being shown, and lies nowhere in the clear', async () => {
    const { body } = await send({ method: 'GET', path: '/keys', isManager: true });
    const [listed] = decodeJwt(body.token ?? '')['x-enclos-secrets'] as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual([listed?.['name'], listed?.['releasable']], ['disk-key', true]);
    assert.deepEqual(listed?.['releasePolicy'], releasePolicy());
    const part = Buffer.from(secret.subarray(100, 132));
    const texts = [part, part.toString('base64url'), part.toString('hex')];
    for (const file of filesOf(join(workshop.folder, 'service'))) {
      for (const text of texts) assert.ok(!file.includes(text));
    }
  });

  test('outlives the service, and tokens of before do not', async () => {
    const old = await attested(scene.claimant, rsa);
    await scene.service.running.stop();
    await scene.start();
    refused(await release(old), 'unknown-key');
    assert.deepEqual(await unwrapped(await release(await attested(scene.claimant, rsa)), rsa), secret);
  });

  test('is refused when its row was changed or put back, and released again when it is the right one', async () => {
    const path = secretRow();
    const older = readFileSync(path);
    await putSecret();
    const newer = secretRow();
    assert.notEqual(newer, path);
    const right = readFileSync(newer);
    const token = await attested(scene.claimant, curve);
    const flipped = Uint8Array.from(right, (byte, index) => (index === right.length - 100 ? byte ^ 1 : byte));
    for (const bytes of [older, flipped]) {
      writeFileSync(newer, bytes);
      const { status, body } = await release(token);
      assert.ok(status >= 500, JSON.stringify(body));
      assert.equal(body.value, undefined);
    }
    writeFileSync(newer, right);
    assert.deepEqual(await unwrapped(await release(token), curve), secret);
  });
});
