import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { scenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { ModelKeyDesk } from '@enclos/inference-models/node';
import { signatureKeyOfSpki } from '@enclos/jose';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';
import { serveInference, type AnswerInside, type AskedInside } from '../../inference-service.ts';
import { writeInputs } from '../proxy/scene.ts';

const folder = temporaryFolder();
const { at } = scenario();
const model = { name: 'digits', digest: '33'.repeat(32) };
const key = new Uint8Array(randomBytes(32));
const file = (name: string): string => join(folder, name);

const owners = {
  ed25519: generateKeyPairSync('ed25519'),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
} as const;
const pemOf = (privateKey: KeyObject): string => String(privateKey.export({ type: 'pkcs8', format: 'pem' }));

before(async () => {
  await writeInputs(folder);
  writeFileSync(file('digits.key'), key);
  for (const [name, { privateKey }] of Object.entries(owners)) writeFileSync(file(`${name}.pem`), pemOf(privateKey));
});

interface Service {
  readonly url: string;
  /** Keys that the enclave took. */
  readonly taken: Uint8Array[];
  /** Requests that were opened. */
  readonly asked: string[];
}

/** A service whose model has this owner. */
async function serve(publicKey: KeyObject, changes?: ScenarioChanges, opens = true): Promise<Service> {
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const owned = { ...model, owner: signatureKeyOfSpki(spki) };
  const [taken, asked]: [Uint8Array[], string[]] = [[], []];
  let keySetDigest = '';
  const desk = new ModelKeyDesk({
    keySetDigest: () => keySetDigest,
    models: () => [owned],
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
  });
  const answer = (request: AskedInside): AnswerInside => {
    ({ keySetDigest } = request);
    const [, digest = '', challenge] = /^\/v1\/model-keys\/([^/]+)(\/challenge)?$/.exec(request.path) ?? [];
    asked.push(request.path);
    const said = (status: number, value: object): AnswerInside => ({
      status,
      fields: { 'content-type': 'application/json' },
      body: utf8(JSON.stringify(value)),
    });
    try {
      if (challenge !== undefined) return said(200, { challenge: desk.challenge(digest), keySetDigest });
      taken.push(desk.supply(digest, decodeUtf8(request.body)));
      return opens ? said(200, {}) : said(403, { error: 'MODEL_NOT_OPENED' });
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      return said(403, { error: error.code });
    }
  };
  const changed = changes === undefined ? {} : { changes };
  return { url: await serveInference({ model, answer, ...changed }), taken, asked };
}

interface Given {
  readonly key?: string;
  readonly policy?: string;
  readonly model?: string;
}

const supply = (
  url: string,
  ownerKey: string,
  { key: keyFile = 'digits.key', policy = 'policy.json', model: named = `digits=${model.digest}` }: Given = {},
  ...argv: readonly string[]
): Promise<Ran> =>
  enclos(
    ['model', 'key', 'supply', url, named, keyFile, '--owner', ownerKey, '--policy', policy, '--json'].concat(argv),
    { cwd: folder, now: () => at },
  );

describe('enclos model key supply', () => {
  test('gives the enclave that the policy accepts the key, signed by a key of each kind', async () => {
    for (const [name, { publicKey }] of Object.entries(owners)) {
      const { url, taken } = await serve(publicKey);
      const { code, stdout } = await supply(url, `${name}.pem`);
      assert.equal(code, 0, stdout);
      assert.deepEqual(taken, [key]);
    }
  });

  test('tells people and programs which enclave has it', async () => {
    const first = await serve(owners.p256.publicKey);
    const argv = ['digits.key', '--owner', 'p256.pem', '--policy', 'policy.json'];
    const { stdout } = await enclos(
      ['model', 'key', 'supply', first.url, `digits=${model.digest.toUpperCase()}`, ...argv],
      { cwd: folder, now: () => at },
    );
    assert.match(stdout, /^✔ the enclave has the key of digits, and has loaded it\n/);
    assert.match(stdout, new RegExp(`model SHA-256 +${model.digest}\n +MRENCLAVE +[0-9a-f]{64}\n`));
    assert.match(stdout, /⚠ It runs on a software platform/);
    const { url } = await serve(owners.p256.publicKey);
    const { measurement, ...others } = (await supply(url, 'p256.pem')).json();
    assert.match(String(measurement), /^[0-9a-f]{64}$/);
    const evidence = { tee: 'sgx', status: 'OK', root: 'software' };
    assert.deepEqual(others, { model: 'digits', digest: model.digest, evidence });
  });

  test('sends nothing to an enclave that the policy does not accept', async () => {
    const { publicKey } = owners.ed25519;
    const { url, asked } = await serve(publicKey, { report: { mrEnclave: new Uint8Array(32).fill(9) } });
    const ran = await supply(url, 'ed25519.pem');
    assert.deepEqual([ran.code, errorOf(ran).code, asked], [4, 'APPRAISAL_REFUSED', []]);
    const accepted = await serve(publicKey);
    const collateral = await supply(accepted.url, 'ed25519.pem', {}, '--collateral', 'policy.json');
    assert.notEqual(collateral.code, 0);
    assert.deepEqual(accepted.asked, [], 'without collateral no evidence is good');
  });

  test('says why the enclave does not take the key', async () => {
    const { url, taken } = await serve(owners.ed25519.publicKey);
    const stranger = await supply(url, 'p256.pem');
    assert.deepEqual([stranger.code, errorOf(stranger).code, taken], [1, 'MODEL_KEY_REFUSED', []]);
    assert.match(errorOf(stranger).message, /does not name this owner/);
    assert.equal((await supply(url, 'ed25519.pem')).code, 0);
    const again = await supply(url, 'ed25519.pem');
    assert.equal(errorOf(again).code, 'MODEL_KEY_REFUSED');
    const other = await serve(owners.ed25519.publicKey, undefined, false);
    const unopened = await supply(other.url, 'ed25519.pem');
    assert.deepEqual([unopened.code, errorOf(unopened).code], [1, 'MODEL_NOT_OPENED']);
  });

  test('reads all files before it asks the service', async () => {
    const { url, asked } = await serve(owners.ed25519.publicKey);
    writeFileSync(file('short.key'), key.subarray(1));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file('rsa.pem'), pemOf(privateKey));
    const mistakes: readonly (readonly [code: string, ownerKey: string, given?: Given])[] = [
      ['CLI_FILE_UNREADABLE', 'absent.pem'],
      ['CLI_FILE_INVALID', 'rsa.pem'],
      ['CLI_FILE_INVALID', 'digits.key'],
      ['MODEL_KEY_INVALID', 'ed25519.pem', { key: 'short.key' }],
      ['CLI_FILE_INVALID', 'ed25519.pem', { policy: 'ed25519.pem' }],
      ['CLI_FILE_INVALID', 'ed25519.pem', { policy: 'collateral.json' }],
      ['CLI_USAGE', 'ed25519.pem', { model: 'digits' }],
    ];
    for (const [code, ownerKey, given] of mistakes) {
      const ran = await supply(url, ownerKey, given);
      assert.deepEqual([ran.code, errorOf(ran).code], [2, code], JSON.stringify(given));
    }
    const noUrl = await supply('localhost:8443', 'ed25519.pem');
    assert.equal(errorOf(noUrl).code, 'CLI_USAGE');
    assert.deepEqual(asked, []);
  });
});
