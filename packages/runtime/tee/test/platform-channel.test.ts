import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeKeyRequest, parseQuoteV3, parseReport } from '@enclos/sgx';
import { duplexPair } from '@enclos/testkit';
import { createGramineAttester, gramineKeyRequest, servePlatformChannel } from '../src/gramine/index.ts';
import { createSoftwareAttester, type Attester } from '../src/index.ts';
import { fakeGramine, ownBody, type FakeGramineOptions } from './gramine/fake-gramine.ts';

const reportData = new Uint8Array(64).fill(5);
const key = new Uint8Array(16).fill(3);

/** What a bundle has: the attester that it always has, whatever platform is behind. */
async function inside(options: FakeGramineOptions = {}): Promise<Attester & { close(): void }> {
  const [enclave, platform] = duplexPair();
  const files = fakeGramine({ keys: { _sgx_mrenclave: key }, ...options });
  servePlatformChannel(platform, createGramineAttester({ files }));
  const attester = createSoftwareAttester(enclave);
  await attester.ready;
  return { ...attester, close: () => void enclave.destroy() };
}

describe('the platform channel of a bundle in Gramine', () => {
  test('gives reports, keys and quotes of Gramine', async () => {
    const attester = await inside();
    const report = parseReport(await attester.report(new Uint8Array(512), reportData));
    assert.deepEqual(report.body, { ...ownBody, reportData });
    assert.deepEqual(parseQuoteV3(await attester.quote(reportData)).reportBody, { ...ownBody, reportData });
    assert.deepEqual(await attester.key(encodeKeyRequest(gramineKeyRequest('enclave', ownBody))), key);
    attester.close();
  });

  test('says by its code what Gramine lacks', async () => {
    const attester = await inside({ attestationType: 'none' });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_CAPABILITY_MISSING' });
    const keyId = new Uint8Array(32).fill(1);
    const request = encodeKeyRequest({ ...gramineKeyRequest('enclave', ownBody), keyId });
    await assert.rejects(attester.key(request), { code: 'TEE_CAPABILITY_MISSING' });
    attester.close();
  });

  test('says by its code what failed below', async () => {
    const attester = await inside({ report: () => new Uint8Array() });
    await assert.rejects(attester.report(new Uint8Array(512), reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    attester.close();
  });
});
