import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { startEnclave } from '@enclos/testing';
import { app, purpose } from '../src/greeter-app.edl.ts';

const enclave = await startEnclave(app, { untrusted: {} });
const { launcher, identity } = enclave;

test('the evidence is for the key that signs, and for this challenge', async () => {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const { quote, publicKey } = await enclave.call.evidence({ nonce });
  const root = await softwareRoot((await launcher.describe()).rootCertificate);
  const endorsements = parseCollateral(JSON.parse(await launcher.endorsements()));
  const policy = {
    mrEnclave: [Buffer.from(identity.mrEnclave).toString('hex')],
    productId: 1,
    minimumSecurityVersion: 1,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  } as const;
  const now = new Date();
  const verdict = await verifyQuote(quote, endorsements, { roots: [root], now });
  appraise(verdict, policy, { reportData: await boundReportData({ purpose, nonce, key: publicKey }) }, { now });
  const other = await boundReportData({ purpose, nonce: new Uint8Array(32), key: publicKey });
  assert.throws(() => appraise(verdict, policy, { reportData: other }, { now }));
});

test('signs what it is given', async () => {
  const { publicKey } = await enclave.call.evidence({ nonce: new Uint8Array(32) });
  const signature = await enclave.call.sign({ statement: 'hello' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), algorithm, false, ['verify']);
  const holds = (statement: string) =>
    crypto.subtle.verify(algorithm, key, Uint8Array.from(signature), new TextEncoder().encode(statement));
  assert.equal(await holds('hello'), true);
  assert.equal(await holds('hullo'), false);
});
