import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { postgresTest, startPostgres, type PostgresServer } from '@enclos/testkit';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  freePort,
  loadClaimant,
  quoteFor,
  signedService,
  startTestService,
  type Claimant,
  type DevelopmentConfiguration,
  type TestService,
} from '../src/attestation-service.ts';
import { createWorkshop, type SignedImage } from '../src/index.ts';

const workshop = createWorkshop();
const runtimeData = new TextEncoder().encode('what an enclave wants to bind');
const permitAll = 'version=1.0; authorizationrules { => permit(); }; issuancerules {};';
const version = 'api-version=2022-08-01';

let postgres: PostgresServer | undefined;
let platform: EmbeddedPlatform;
let image: SignedImage;
let enclave: Claimant;
const services: TestService[] = [];

before(async () => {
  platform = await workshop.startPlatform('replicas');
  image = await signedService(workshop);
  enclave = await loadClaimant(await workshop.signed('claimant'), platform);
});
after(async () => {
  for (const service of services) await service.running.stop();
  await enclave?.dispose();
  await postgres?.remove();
  await workshop.close();
});

interface Replica {
  readonly service: TestService;
  readonly port: number;
}

/** Replicas have one configuration, one store, and a folder and a port of their own. */
async function startReplicas(
  url: string,
  count: number,
): Promise<{ readonly host: string; readonly replicas: readonly Replica[] }> {
  const replicas: Replica[] = [];
  const folders = Array.from({ length: count }, (_, index) => join(workshop.folder, `replica-${index}`));
  for (const folder of folders) {
    const [first = folder] = folders;
    mkdirSync(folder, { recursive: true });
    if (folder !== first) {
      for (const name of ['attestation.json', 'token.txt']) copyFileSync(join(first, name), join(folder, name));
    }
    const port = await freePort();
    const change = (made: DevelopmentConfiguration): object => ({ ...made, replicas: { by: 'enclave' } });
    const service = await startTestService({ signed: image, launcher: platform, folder, port, change, store: url });
    services.push(service);
    replicas.push({ service, port });
  }
  return { host: `localhost:${replicas[0]?.port}`, replicas };
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
/** {"alg":"none"} */
const unsigned = 'eyJhbGciOiJub25lIn0';

function unsignedPolicy(text: string): string {
  return `${unsigned}.${base64url(JSON.stringify({ AttestationPolicy: base64url(text) }))}.`;
}

interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: string;
  readonly type?: string;
}

/** A request to one replica, in the name of the tenant. */
function ask(
  { service, port }: Replica,
  host: string,
  path: string,
  { method = 'GET', token, body, type }: Call = {},
): Promise<Record<string, unknown>> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { host, ...authorization, ...(type === undefined ? {} : { 'content-type': type }) };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, servername: 'localhost', path, method, headers, ca: service.certificate },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        answer.on('end', () => {
          if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode}: ${text}`));
          else resolve(JSON.parse(text) as Record<string, unknown>);
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function attest(replica: Replica, host: string): Promise<string> {
  const quote = Buffer.from(await quoteFor(enclave, runtimeData)).toString('base64url');
  const data = Buffer.from(runtimeData).toString('base64url');
  const body = JSON.stringify({ quote, runtimeData: { data, dataType: 'Binary' } });
  const call = { method: 'POST', body, type: 'application/json' };
  const { token } = await ask(replica, host, `/attest/SgxEnclave?${version}`, call);
  assert.ok(typeof token === 'string');
  return token;
}

const stateIn = (token: string): unknown => decodeJwt(token)['x-enclos-state'];

/** Replicas look for each other's keys every ten seconds. */
async function keysOf(replica: Replica, host: string, count: number): Promise<JSONWebKeySet> {
  for (let waited = 0; waited < 200; waited++) {
    const found = (await ask(replica, host, '/certs')) as unknown as JSONWebKeySet;
    if (found.keys.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The peers are not in the list of keys.');
}

postgresTest('two replicas appraise each other, show the keys of each other and share one state', async () => {
  postgres = await startPostgres();
  const url = await postgres.database();
  const { host, replicas } = await startReplicas(url, 2);
  const [first, second] = replicas;
  assert.ok(first !== undefined && second !== undefined);

  const manager = { token: first.service.managementToken };
  const policy = `/policies/SgxEnclave?${version}`;
  const result = await ask(first, host, policy, {
    ...manager,
    method: 'PUT',
    body: unsignedPolicy(permitAll),
    type: 'text/plain',
  });
  assert.ok(typeof result['token'] === 'string');
  const state = stateIn(result['token']);
  assert.equal((state as { epoch: unknown }).epoch, 1);
  // What was read a second ago is used by attest calls.
  await new Promise((resolve) => setTimeout(resolve, 1100));

  for (const [attesting, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const token = await attest(attesting, host);
    assert.deepEqual(stateIn(token), state);
    const keys = createLocalJWKSet(await keysOf(other, host, 2));
    await jwtVerify(token, keys, { issuer: `https://${host}` });
  }

  const reset = { ...manager, method: 'POST', body: `${unsigned}..`, type: 'text/plain' };
  const again = await ask(second, host, `/policies/SgxEnclave:reset?${version}`, reset);
  assert.ok(typeof again['token'] === 'string');
  assert.equal((stateIn(again['token']) as { epoch: unknown }).epoch, 2);
  const read = await ask(first, host, policy, manager);
  assert.ok(typeof read['token'] === 'string');
  assert.deepEqual(stateIn(read['token']), stateIn(again['token']));

  // One bit of the record, behind its certificate.
  const flip =
    "UPDATE enclos_attestation SET bytes = set_byte(bytes, length(bytes) - 100, get_byte(bytes, length(bytes) - 100) # 1) WHERE key LIKE 'state/%'";
  await postgres.query(url, flip);
  for (const replica of replicas) {
    await assert.rejects(ask(replica, host, policy, manager), /^Error: 50[03]: /);
  }
  await postgres.query(url, flip);
  for (const replica of replicas) await ask(replica, host, policy, manager);
});
