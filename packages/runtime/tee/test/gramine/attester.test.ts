import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeKeyRequest, KeyName, KeyPolicy, parseQuoteV3, parseReport, type KeyRequest } from '@enclos/sgx';
import { createGramineAttester, gramineCapabilities, gramineKeyRequest } from '../../src/gramine/index.ts';
import { errno, fakeFiles } from '../fake-files.ts';
import { fakeGramine, ownBody, quoteOver, type FakeGramineOptions } from './fake-gramine.ts';

const target = new Uint8Array(512);
const reportData = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
const other = new Uint8Array(64).fill(0x77);
const key = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const keys = { _sgx_mrenclave: key, _sgx_mrsigner: key.toReversed() };

const attester = (options: FakeGramineOptions = {}): ReturnType<typeof createGramineAttester> =>
  createGramineAttester({ files: fakeGramine({ keys, ...options }) });

describe('a report of Gramine', () => {
  test('is about the report data and comes whole, however short the reads are', async () => {
    const files = fakeGramine({ readBytes: 5 });
    const report = parseReport(await createGramineAttester({ files }).report(target, reportData));
    assert.deepEqual(report.body, { ...ownBody, reportData });
    assert.equal(files.stillOpen(), 0);
  });

  test('is asked for one at a time', async () => {
    const asked = Array.from({ length: 8 }, (_, i) => new Uint8Array(64).fill(i + 1));
    const gramine = attester({ readBytes: 3 });
    const reports = await Promise.all(asked.map((data) => gramine.report(target, data)));
    assert.deepEqual(
      reports.map((bytes) => parseReport(bytes).body.reportData),
      asked,
    );
  });

  const refused: readonly [what: string, options: FakeGramineOptions, code: string][] = [
    ['about other report data', { meanwhile: (write) => write(other) }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that is none', { report: () => new Uint8Array(431) }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that is too long', { report: () => new Uint8Array(433) }, 'TEE_EVIDENCE_UNEXPECTED'],
    // A second write would replace the first, so a short one is not continued.
    ['whose input was taken in part', { writeBytes: 32 }, 'TEE_DEVICE_FAILED'],
  ];
  for (const [what, options, code] of refused) {
    test(`${what} is refused`, async () => {
      await assert.rejects(attester(options).report(target, reportData), { code });
    });
  }

  test('takes 64 bytes of report data and a TARGETINFO', async () => {
    await assert.rejects(attester().report(target, new Uint8Array(63)), { code: 'CODEC_OUT_OF_RANGE' });
    await assert.rejects(attester().report(new Uint8Array(511), reportData), { code: 'SGX_STRUCTURE_INVALID' });
  });

  test('is not there outside of Gramine', async () => {
    const files = fakeFiles({ node: () => undefined });
    await assert.rejects(createGramineAttester({ files }).report(target, reportData), {
      code: 'TEE_DEVICE_MISSING',
      details: { path: '/dev/attestation/target_info', reason: 'ENOENT' },
    });
  });
});

describe('a quote of Gramine', () => {
  test('is about the report data', async () => {
    assert.deepEqual(parseQuoteV3(await attester().quote(reportData)).reportBody, { ...ownBody, reportData });
  });

  test('is missing without remote attestation', async () => {
    await assert.rejects(attester({ attestationType: 'none' }).quote(reportData), {
      code: 'TEE_CAPABILITY_MISSING',
      details: { platform: 'gramine' },
    });
  });

  test('is not one of EPID', async () => {
    await assert.rejects(attester({ attestationType: 'epid' }).quote(reportData), { code: 'TEE_CAPABILITY_MISSING' });
  });

  const refused: readonly [what: string, options: FakeGramineOptions][] = [
    ['about other report data', { quote: () => quoteOver({ ...ownBody, reportData: other }) }],
    [
      'of another enclave',
      { quote: (data) => quoteOver({ ...ownBody, mrEnclave: new Uint8Array(32), reportData: data }) },
    ],
    ['that is none', { quote: () => new Uint8Array(100) }],
    ['with bytes behind it', { quote: (data) => Uint8Array.of(...quoteOver({ ...ownBody, reportData: data }), 0) }],
    ['without an end', { quote: () => new Uint8Array(65_537) }],
    ['of a type that is not a word', { attestationType: 'dc ap' }],
  ];
  for (const [what, options] of refused) {
    test(`${what} is refused`, async () => {
      await assert.rejects(attester(options).quote(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }

  test('takes 64 bytes of report data', async () => {
    await assert.rejects(attester().quote(new Uint8Array(65)), { code: 'CODEC_OUT_OF_RANGE' });
  });

  test('that failed does not stand in the way of the next', async () => {
    let fails = true;
    const gramine = attester({
      quote(data) {
        if (fails) throw errno('EACCES');
        return quoteOver({ ...ownBody, reportData: data });
      },
    });
    await assert.rejects(gramine.quote(reportData), { code: 'TEE_DEVICE_MISSING' });
    fails = false;
    await gramine.quote(reportData);
  });
});

describe('a key of Gramine', () => {
  const request = (changes: Partial<KeyRequest> = {}): Uint8Array =>
    encodeKeyRequest({ ...gramineKeyRequest('enclave', ownBody), ...changes });

  test('is the one of the policy', async () => {
    assert.deepEqual(await attester().key(request()), keys._sgx_mrenclave);
    assert.deepEqual(await attester().key(request({ keyPolicy: KeyPolicy.MRSIGNER })), keys._sgx_mrsigner);
  });

  const refused: readonly [what: string, changes: Partial<KeyRequest>, code: string][] = [
    ['of another name', { keyName: KeyName.REPORT }, 'TEE_CAPABILITY_MISSING'],
    ['of both policies', { keyPolicy: KeyPolicy.MRENCLAVE | KeyPolicy.MRSIGNER }, 'TEE_CAPABILITY_MISSING'],
    ['of no policy', { keyPolicy: 0 }, 'TEE_CAPABILITY_MISSING'],
    ['without the product', { keyPolicy: KeyPolicy.MRSIGNER | KeyPolicy.NOISVPRODID }, 'TEE_CAPABILITY_MISSING'],
    ['with a key id', { keyId: new Uint8Array(32).fill(1) }, 'TEE_CAPABILITY_MISSING'],
    ['of an older security version', { isvSvn: ownBody.isvSvn - 1 }, 'TEE_CAPABILITY_MISSING'],
    ['of a newer security version', { isvSvn: ownBody.isvSvn + 1 }, 'KEY_SVN_TOO_NEW'],
    ['of a newer configuration', { configSvn: 1 }, 'KEY_CONFIGSVN_TOO_NEW'],
    ['of another CPUSVN', { cpuSvn: new Uint8Array(16) }, 'TEE_CAPABILITY_MISSING'],
    ['under other flags', { attributeMask: { flags: 3n, xfrm: 0n } }, 'TEE_CAPABILITY_MISSING'],
    ['under another XFRM', { attributeMask: { flags: 0xff00_0000_0000_0003n, xfrm: 3n } }, 'TEE_CAPABILITY_MISSING'],
    ['under another MISC mask', { miscMask: 0 }, 'TEE_CAPABILITY_MISSING'],
  ];
  for (const [what, changes, code] of refused) {
    test(`${what} is refused`, async () => {
      await assert.rejects(attester().key(request(changes)), { code });
    });
  }

  const noKeys: readonly [what: string, bytes: Uint8Array][] = [
    ['that was never set', new Uint8Array()],
    ['that is too short', key.slice(1)],
    ['that is too long', Uint8Array.of(...key, 0)],
    ['of zeros', new Uint8Array(16)],
  ];
  for (const [what, bytes] of noKeys) {
    test(`${what} is none`, async () => {
      await assert.rejects(attester({ keys: { _sgx_mrenclave: bytes } }).key(request()), {
        code: 'TEE_EVIDENCE_UNEXPECTED',
      });
    });
  }

  test('is missing in a Gramine that has no such file', async () => {
    await assert.rejects(attester({ keys: {} }).key(request()), { code: 'TEE_DEVICE_MISSING' });
  });

  test('is what the table of capabilities says', () => {
    assert.equal(gramineCapabilities.sealKeys, 'fixed');
    assert.deepEqual(gramineCapabilities.sealPolicies, ['enclave', 'signer']);
  });
});
