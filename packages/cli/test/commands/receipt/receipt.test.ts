import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initPlatform, publishVendor } from '@enclos/cli-platform';
import { fromHex, toBase64url, utf8 } from '@enclos/codec';
import { encodeKeySet } from '@enclos/hpke';
import { modelManifestDigest } from '@enclos/inference-models';
import { signatureKeyOfSpki } from '@enclos/jose';
import {
  inferenceReportData,
  receiptKeyId,
  writeInferenceReport,
  writeReceipt,
  type ReceiptClaims,
} from '@enclos/receipts';
import { parseQuoteV3 } from '@enclos/sgx';
import { mrSignerOfKey } from '../../../src/project/sealing/signer.ts';
import { enclos, errorOf, now, signingKey, temporaryFolder, type Ran } from '../../cli.ts';
import { policyExample } from '../../docs-page.ts';
import { softwareQuote } from '../../software-quote.ts';

const folder = temporaryFolder();
const stateFolder = join(folder, 'state');
const facts = await initPlatform({ stateFolder, now });
await publishVendor({
  stateFolder,
  collateralFile: join(folder, 'collateral.json'),
  rootFile: join(folder, 'root.pem'),
  now,
});
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);

const pair = generateKeyPairSync('ed25519');
const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
const key = signatureKeyOfSpki(spki);
const signer = {
  algorithm: 'EdDSA',
  kid: await receiptKeyId(key),
  sign: (input: Uint8Array) => new Uint8Array(sign(null, input, pair.privateKey)),
} as const;
const models = [{ name: 'digits', version: '3', digest: digestOf(utf8('model')), sizeBytes: 5 }];
const keySet = encodeKeySet({
  keys: [],
  modelManifestDigest: fromHex(await modelManifestDigest({ models })),
  receiptKey: spki,
});
const keySetDigest = createHash('sha256').update(keySet).digest();
const quote = await softwareQuote(join(stateFolder, 'machine'), await inferenceReportData(keySetDigest));
const nonce = new Uint8Array(32).fill(9);
const freshQuote = await softwareQuote(join(stateFolder, 'machine'), await inferenceReportData(keySetDigest, nonce));
const otherQuote = await softwareQuote(join(stateFolder, 'machine'), new Uint8Array(64).fill(1));
const { reportBody } = parseQuoteV3(quote);
const request = utf8('{"inputs":[]}');
const response = utf8('{"outputs":[]}');
const claims: ReceiptClaims = {
  issuer: 'https://models.example.com',
  issuedAt: 1_780_315_200,
  requestId: 'b1f5',
  sequence: 41,
  model: 'digits',
  modelVersion: '3',
  modelDigest: digestOf(utf8('model')),
  requestDigest: digestOf(request),
  responseDigest: digestOf(response),
  tee: 'sgx',
  measurement: Buffer.from(reportBody.mrEnclave).toString('hex'),
  evidenceDigest: digestOf(quote),
  keySetDigest: digestOf(keySet),
};

const reportOf = (value: Uint8Array, change: object = {}): string =>
  writeInferenceReport({ keySet, models, evidence: { kind: 'sgx-quote', value }, ...change });
write('in.json', request);
write('out.json', response);
write('report.json', reportOf(quote));
write('fresh.json', reportOf(freshQuote, { nonce }));
write('whole.json', reportOf(quote, { endorsements: readFileSync(join(folder, 'collateral.json'), 'utf8') }));
write('mixed.json', reportOf(quote, { endorsements: '{}' }));
write('unbound.json', reportOf(otherQuote));
write('other-models.json', reportOf(quote, { models: [{ ...models[0], digest: 'ab'.repeat(32) }] }));
write('other-catalogue.json', reportOf(quote, { catalogueVersion: 1 }));
write('key.pem', pair.publicKey.export({ type: 'spki', format: 'pem' }));
write('key.json', JSON.stringify(pair.publicKey.export({ format: 'jwk' })));
const cose = await writeReceipt('cose', claims, signer);
write('receipt.cose', cose);
write('receipt.txt', `${toBase64url(cose)}\n`);
write('receipt.jws', await writeReceipt('jws', claims, signer));
const policy = {
  ...policyExample,
  mrSigner: [mrSignerOfKey(signingKey())],
  softwareRoots: [facts.vendor?.rootFingerprint ?? ''],
};
write('policy.json', JSON.stringify(policy));
write('other-policy.json', JSON.stringify({ ...policy, mrSigner: ['ab'.repeat(32)] }));

const trusted = ['--collateral', 'collateral.json', '--root', 'root.pem'];
const bodies = ['--request', 'in.json', '--response', 'out.json'];
const verify = async (file: string, ...argv: readonly string[]): Promise<Ran> =>
  enclos(['receipt', 'verify', file, ...argv], { cwd: folder });

test('a receipt of an enclave that a policy accepts, about this request, response and model, has no caveat', async () => {
  for (const file of ['receipt.cose', 'receipt.txt', 'receipt.jws']) {
    const all = ['--report', 'report.json', '--policy', 'policy.json', '--model-digest', claims.modelDigest];
    const ran = await verify(file, ...trusted, ...bodies, ...all);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /^✔ the receipt holds: EdDSA, key /);
    assert.match(ran.stdout, new RegExp(`\n {2}MRENCLAVE +${claims.measurement}\n`));
    assert.doesNotMatch(ran.stdout, /⚠/);
  }
});

test('what is not given is not compared, and the command says so', async () => {
  const ran = await verify('receipt.cose', '--key', 'key.pem');
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout.match(/⚠/g)?.length, 4);
  const json = (await verify('receipt.jws', '--key', 'key.json', ...bodies, '--json')).json();
  assert.deepEqual(json['claims'], claims);
  assert.deepEqual(
    ['form', 'evidence', 'requestCompared', 'responseCompared', 'modelCompared'].map((name) => json[name]),
    ['jws', null, true, true, false],
  );
  const reported = (await verify('receipt.cose', '--report', 'report.json', ...trusted, '--json')).json();
  assert.equal((reported['evidence'] as Record<string, unknown>)['appraised'], false);
});

test('the collateral in a report is enough, and another one given or fetched takes its place', async () => {
  const root = facts.vendor?.rootFingerprint ?? '';
  const given = ['--policy', 'policy.json', '--software-root', root, ...bodies];
  const ran = await verify('receipt.cose', '--report', 'whole.json', ...given);
  assert.equal(ran.code, 0, ran.stderr);
  const other = await verify('receipt.cose', '--report', 'mixed.json', '--collateral', 'collateral.json', ...given);
  assert.equal(other.code, 0, other.stderr);
  const mixed = await verify('receipt.cose', '--report', 'mixed.json', ...given, '--json');
  assert.notEqual(mixed.code, 0);
  const offline = ['--fetch', '--offline', '--cache', join(folder, 'empty')];
  const fetched = await verify('receipt.cose', '--report', 'whole.json', ...given, ...offline, '--json');
  assert.match(errorOf(fetched).code, /^ENDORSEMENTS_/);
});

test('a report with a nonce vouches for the same keys', async () => {
  const ran = await verify('receipt.cose', '--report', 'fresh.json', ...trusted, ...bodies);
  assert.equal(ran.code, 0, ran.stderr);
});

test('a receipt about something else, of another enclave, key or key set is refused', async () => {
  const receiptOf = async (name: string, change: Partial<ReceiptClaims>): Promise<void> =>
    write(name, await writeReceipt('cose', { ...claims, ...change }, signer));
  await receiptOf('measurement', { measurement: 'ab'.repeat(32) });
  await receiptOf('keySetDigest', { keySetDigest: 'ab'.repeat(32) });
  await receiptOf('evidenceDigest', { evidenceDigest: 'ab'.repeat(32) });
  await receiptOf('tee', { tee: 'tdx' });
  for (const claim of ['measurement', 'keySetDigest', 'evidenceDigest', 'tee']) {
    const ran = await verify(claim, '--report', 'report.json', ...trusted, '--json');
    assert.deepEqual([ran.code, errorOf(ran).code, errorOf(ran).details['claim']], [3, 'RECEIPT_MISMATCH', claim]);
  }
  const swapped = await verify('receipt.cose', '--key', 'key.pem', '--request', 'out.json', '--json');
  assert.deepEqual(errorOf(swapped).details, { claim: 'requestDigest' });
  const model = await verify('receipt.cose', '--key', 'key.pem', '--model-digest', 'AB'.repeat(32), '--json');
  assert.deepEqual(errorOf(model).details, { claim: 'modelDigest' });
  const stranger = generateKeyPairSync('ed25519').publicKey;
  write('stranger.pem', stranger.export({ type: 'spki', format: 'pem' }));
  assert.equal(errorOf(await verify('receipt.cose', '--key', 'stranger.pem', '--json')).code, 'RECEIPT_KEY_UNKNOWN');
  write('changed.cose', cose.with(cose.length - 1, 255 - (cose.at(-1) ?? 0)));
  assert.equal(errorOf(await verify('changed.cose', '--key', 'key.pem', '--json')).code, 'RECEIPT_SIGNATURE_INVALID');
});

test('evidence of another root, for other keys, or that the policy does not accept is refused', async () => {
  const given = ['receipt.cose', '--collateral', 'collateral.json', '--json'] as const;
  const cases = [
    [3, 'EVIDENCE_REFUSED', '--report', 'report.json'],
    [3, 'EVIDENCE_REFUSED', '--report', 'unbound.json', '--root', 'root.pem'],
    [4, 'APPRAISAL_REFUSED', '--report', 'report.json', '--root', 'root.pem', '--policy', 'other-policy.json'],
  ] as const;
  for (const [exit, code, ...argv] of cases) {
    const ran = await verify(...given, ...argv);
    assert.deepEqual([ran.code, errorOf(ran).code], [exit, code], argv.join(' '));
  }
  const unbound = await verify(...given, '--report', 'unbound.json', '--root', 'root.pem');
  assert.equal(errorOf(unbound).details['status'], 'KEY_SET_NOT_BOUND');
  for (const report of ['other-models.json', 'other-catalogue.json']) {
    const ran = await verify(...given, '--report', report, '--root', 'root.pem');
    assert.deepEqual([ran.code, errorOf(ran).details['status']], [3, 'MODELS_NOT_BOUND'], report);
  }
});

test('options that do not go together, and files that are something else, are refused', async () => {
  write('private.json', JSON.stringify(pair.privateKey.export({ format: 'jwk' })));
  const cases = [
    ['CLI_USAGE'],
    ['CLI_USAGE', '--key', 'key.pem', '--report', 'report.json'],
    ['CLI_USAGE', '--key', 'key.pem', '--policy', 'policy.json'],
    ['CLI_USAGE', '--key', 'key.pem', '--model-digest', 'ab'],
    ['CLI_FILE_INVALID', '--key', 'private.json'],
    ['CLI_FILE_INVALID', '--key', 'in.json'],
    ['CLI_FILE_INVALID', '--key', 'root.pem'],
    ['RECEIPT_REPORT_INVALID', '--report', 'in.json', ...trusted],
  ] as const;
  for (const [code, ...argv] of cases) {
    assert.equal(errorOf(await verify('receipt.cose', ...argv, '--json')).code, code, argv.join(' '));
  }
  assert.equal(errorOf(await verify('in.json', '--key', 'key.pem', '--json')).code, 'RECEIPT_INVALID');
});
