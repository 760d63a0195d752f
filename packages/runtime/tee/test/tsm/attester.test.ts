import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { reportDataOf } from '../../src/tsm/outblob.ts';
import { createTsmAttester, type TsmAttester, type TsmAttesterOptions } from '../../src/tsm/index.ts';
import { errno, fakeFiles } from '../fake-files.ts';
import { fakeTsm, folder, snpReport, tdQuote, type FakeTsmOptions } from './fake-tsm.ts';

const reportData = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
const other = new Uint8Array(64).fill(0x77);

async function made(
  fake: FakeTsmOptions = {},
  options: TsmAttesterOptions = {},
): Promise<{ tsm: ReturnType<typeof fakeTsm>; attester: TsmAttester }> {
  const tsm = fakeTsm(fake);
  return { tsm, attester: await createTsmAttester({ files: tsm, delay: tsm.delay, ...options }) };
}

describe('evidence of configfs-tsm', () => {
  test('of an SNP guest', async () => {
    const { tsm, attester } = await made({ floor: 1 });
    assert.equal(attester.capabilities.remoteAttestation, 'snp-report');
    const { provider, report, certificates, manifest } = await attester.evidence(reportData);
    assert.deepEqual([provider, certificates, manifest], ['sev_guest', [], undefined]);
    assert.deepEqual(report, snpReport(reportData));
    assert.deepEqual(await attester.quote(reportData), report);
    assert.equal(tsm.entries.size, 0);
    assert.equal(tsm.stillOpen(), 0);
  });

  test('of a TDX guest', async () => {
    const { attester } = await made({ provider: 'tdx_guest' });
    assert.equal(attester.capabilities.identity, 'mrtd');
    assert.deepEqual(await attester.quote(reportData), tdQuote(reportData));
  });

  test('is each of its own, however many are asked for at once', async () => {
    const { tsm, attester } = await made();
    const asked = Array.from({ length: 8 }, (_, i) => new Uint8Array(64).fill(i));
    const reports = await Promise.all(asked.map((data) => attester.quote(data)));
    assert.deepEqual(reports, asked.map(snpReport));
    assert.equal(tsm.entries.size, 0);
  });

  test('survives a generation that wraps', async () => {
    const { attester } = await made({ firstGeneration: 2n ** 64n - 1n });
    assert.deepEqual(await attester.quote(reportData), snpReport(reportData));
  });

  test('of an SVSM has the digest of what was asked and of its services', async () => {
    const manifest = new Uint8Array(40).fill(3);
    const digest = new Uint8Array(createHash('sha512').update(reportData).update(manifest).digest());
    const { attester } = await made({ manifest, report: () => snpReport(digest) }, { serviceProvider: 'svsm' });
    assert.deepEqual((await attester.evidence(reportData)).manifest, manifest);
    await assert.rejects(attester.quote(reportData), { code: 'TEE_CAPABILITY_MISSING' });
    const wrong = await made({ manifest }, { serviceProvider: 'svsm' });
    await assert.rejects(wrong.attester.evidence(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  test('takes 64 bytes: the kernel takes less and the provider does not', async () => {
    const { tsm, attester } = await made();
    await assert.rejects(attester.evidence(new Uint8Array(63)), { code: 'CODEC_OUT_OF_RANGE' });
    assert.equal(tsm.entries.size, 0);
  });
});

describe('a report entry', () => {
  for (const reason of ['EBUSY', 'EAGAIN', 'EINTR', 'ETIMEDOUT']) {
    test(`is asked anew after ${reason}, in a new entry and after a while`, async () => {
      const { tsm, attester } = await made({ failures: [reason, reason, reason] });
      assert.deepEqual(await attester.quote(reportData), snpReport(reportData));
      assert.deepEqual(tsm.delays, [250, 500, 1000]);
      assert.equal(tsm.entries.size, 0);
    });
  }

  test('that stays busy is given up', async () => {
    const { tsm, attester } = await made({ failures: Array<string>(8).fill('EBUSY') });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_DEVICE_FAILED' });
    assert.equal(tsm.delays.length, 3);
    assert.equal(tsm.entries.size, 0);
  });

  test('that fails for good is not asked again', async () => {
    const { tsm, attester } = await made({ failures: ['EIO'] });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_DEVICE_FAILED' });
    assert.deepEqual(tsm.delays, []);
    assert.equal(tsm.entries.size, 0);
  });

  test('that another process writes to is left for a new one', async () => {
    let races = 2;
    const { tsm, attester } = await made({
      meanwhile(entry) {
        if (races-- > 0) entry.writeGeneration += 1n;
      },
    });
    assert.deepEqual(await attester.quote(reportData), snpReport(reportData));
    assert.equal(tsm.delays.length, 2);
  });

  test('that another process always writes to is refused', async () => {
    const { attester } = await made({ meanwhile: (entry) => (entry.writeGeneration += 1n) });
    await assert.rejects(attester.quote(reportData), {
      code: 'TEE_EVIDENCE_UNEXPECTED',
      message: /^Another process wrote/,
    });
  });

  test('whose write the kernel dropped without a word gives no report', async () => {
    // The count would catch up with the last read: EBUSY, which configfs does not tell at close(2).
    const { attester } = await made({ provider: 'tdx_guest', firstGeneration: 4n, lastRead: 5n });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_DEVICE_FAILED', message: /EINVAL/ });
  });

  test('in which our own write did not count is refused', async () => {
    const { attester } = await made({ meanwhile: (entry) => (entry.writeGeneration -= 1n), firstGeneration: 7n });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  test('with other report data is refused, even when the count fits', async () => {
    const { attester } = await made({ meanwhile: (entry) => (entry.inblob = other) });
    await assert.rejects(attester.quote(reportData), {
      code: 'TEE_EVIDENCE_UNEXPECTED',
      message: 'The evidence is about other report data.',
    });
  });

  test('that exists already is never used', async () => {
    const names: string[] = [];
    const tsm = fakeTsm({
      makeFolder(path) {
        if (names.push(path) < 3) throw errno('EEXIST');
      },
    });
    await createTsmAttester({ files: tsm });
    assert.equal(new Set(names).size, 3);
    const always = fakeTsm({
      makeFolder: () => {
        throw errno('EEXIST');
      },
    });
    await assert.rejects(createTsmAttester({ files: always }), { code: 'TEE_DEVICE_FAILED' });
  });
});

describe('a guest', () => {
  test('without configfs-tsm is none', async () => {
    await assert.rejects(createTsmAttester({ files: fakeFiles({ node: () => undefined }) }), {
      code: 'TEE_DEVICE_MISSING',
    });
  });

  test('without a provider is none', async () => {
    await assert.rejects(createTsmAttester({ files: fakeTsm({ provider: undefined }) }), {
      code: 'TEE_DEVICE_MISSING',
      message: /ENXIO/,
    });
  });

  for (const provider of ['arm_cca_guest', 'constructor', 'sev_guestx']) {
    test(`of ${provider} is unknown`, async () => {
      const tsm = fakeTsm({ provider });
      await assert.rejects(createTsmAttester({ files: tsm }), { code: 'TEE_CAPABILITY_MISSING' });
      assert.equal(tsm.entries.size, 0);
    });
  }

  test('has a provider that is one word', async () => {
    await assert.rejects(createTsmAttester({ files: fakeTsm({ provider: 'sev guest' }) }), {
      code: 'TEE_EVIDENCE_UNEXPECTED',
    });
  });

  test('makes no local reports and derives no keys', async () => {
    for (const provider of ['sev_guest', 'tdx_guest']) {
      const { attester } = await made({ provider });
      assert.equal(attester.capabilities.sealKeys, 'none');
      await assert.rejects(attester.report(new Uint8Array(512), reportData), { code: 'TEE_CAPABILITY_MISSING' });
      await assert.rejects(attester.key(new Uint8Array(512)), { code: 'TEE_CAPABILITY_MISSING' });
    }
  });
});

describe('a privilege level', () => {
  test('is the lowest of the kernel, or the one that was asked for', async () => {
    const levels: number[] = [];
    const report = (data: Uint8Array, { level }: { readonly level: number }): Uint8Array => {
      levels.push(level);
      return snpReport(data);
    };
    await (await made({ floor: 1, report })).attester.quote(reportData);
    await (await made({ floor: 1, report }, { privilegeLevel: 3 })).attester.quote(reportData);
    assert.deepEqual(levels, [1, 3]);
  });

  for (const privilegeLevel of [0, 4, 1.5]) {
    test(`of ${privilegeLevel} is refused above a floor of 1`, async () => {
      const { attester } = await made({ floor: 1 }, { privilegeLevel });
      await assert.rejects(attester.quote(reportData), { code: 'TEE_CAPABILITY_MISSING' });
    });
  }

  test('with a floor that is none is refused', async () => {
    const { attester } = await made({ floor: 9 });
    await assert.rejects(attester.quote(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  test('and a service provider are missing where the provider has none', async () => {
    const level = await made({ provider: 'tdx_guest' }, { privilegeLevel: 1 });
    await assert.rejects(level.attester.quote(reportData), { code: 'TEE_CAPABILITY_MISSING' });
    const service = await made({}, { serviceProvider: 'svsm' });
    await assert.rejects(service.attester.evidence(reportData), { code: 'TEE_CAPABILITY_MISSING' });
  });
});

describe('the report data of a report', () => {
  test('is found in quotes of version 4 and 5', () => {
    for (const version of [4, 5]) assert.deepEqual(reportDataOf('tdx_guest', tdQuote(reportData, version)), reportData);
  });

  const malformed: readonly [what: string, provider: 'sev_guest' | 'tdx_guest', bytes: Uint8Array][] = [
    ['a short SNP report', 'sev_guest', new Uint8Array(1183)],
    ['a long SNP report', 'sev_guest', new Uint8Array(1185)],
    ['a quote of version 3', 'tdx_guest', tdQuote(reportData, 3)],
    ['a quote of SGX', 'tdx_guest', tdQuote(reportData).fill(0, 4, 8)],
    ['a quote without a body', 'tdx_guest', tdQuote(reportData).slice(0, 631)],
    ['nothing', 'tdx_guest', new Uint8Array()],
  ];
  for (const [what, provider, bytes] of malformed) {
    test(`is not taken from ${what}`, () => {
      assert.throws(() => reportDataOf(provider, bytes), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }

  test('is looked for in any bytes without another failure', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        try {
          assert.equal(reportDataOf('tdx_guest', bytes).length, 64);
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, 'TEE_EVIDENCE_UNEXPECTED');
        }
      }),
    );
  });

  vectors.test('is that of real reports', () => {
    const report = vectors.read('snp/TEE-Attestation-Verification/genoa_attestation_report.bin');
    assert.deepEqual(reportDataOf('sev_guest', report), report.slice(0x50, 0x90));
    const quote = vectors.read('azure-vtpm/attestation-rs/az_tdx/td-quote.bin');
    const hcl = vectors.read('azure-vtpm/attestation-rs/az_tdx/hcl-report.bin');
    assert.deepEqual(reportDataOf('tdx_guest', quote), hcl.slice(0x20 + 128, 0x20 + 192));
  });
});

test('all is below the folder of configfs', async () => {
  const { tsm, attester } = await made();
  await attester.quote(reportData);
  assert.ok(tsm.opened.every((line) => line.split(' ')[1]?.startsWith(`${folder}/enclos-`) === true));
});
