import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { equalBytes, fromBase64url, fromHex, toBase64url } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import {
  createAzureVtpmAttester,
  type AzureVtpmAttester,
  type AzureVtpmAttesterOptions,
} from '../../src/azure-vtpm/index.ts';
import { tdQuote } from '../tsm/fake-tsm.ts';
import { certificatePem } from './certificate.ts';
import { boundData, fakeTpm, hclReport, registers, tpmsAttest, type FakeTpmOptions } from './fake-tpm.ts';

const reportData = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
const tdxReport = hclReport({ hardware: 'tdx' });
const thim = {
  vcekCert: certificatePem,
  certificateChain: certificatePem,
  tcbm: 'DB18000000000004',
  cacheControl: '86400',
};

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

/** The metadata service: one answer after another, the last one again and again. */
function service(...answers: readonly (() => Response)[]): {
  readonly fetch: AzureVtpmAttesterOptions['fetch'] & object;
  readonly asked: Asked[];
} {
  const asked: Asked[] = [];
  return {
    asked,
    async fetch(url, init) {
      await Promise.resolve();
      asked.push({ url, init });
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer === undefined) throw new TypeError('fetch failed');
      return answer();
    },
  };
}

const json = (value: unknown) => (): Response => Response.json(value);
const status = (code: number) => (): Response => new Response('no', { status: code });
const quoted = json({ quote: toBase64url(tdQuote(boundData(tdxReport, 'tdx'))) });

async function made(tpm: FakeTpmOptions = {}, metadata = service(json(thim))): Promise<AzureVtpmAttester> {
  return createAzureVtpmAttester({ run: fakeTpm(tpm).run, fetch: metadata.fetch, delay: () => Promise.resolve() });
}

/** The folders of the commands that are still there. */
const leftovers = (calls: readonly (readonly string[])[]): readonly string[] =>
  calls.flat().filter((argument) => argument.includes('enclos-tpm-') && existsSync(dirname(argument)));

describe('evidence of an Azure virtual machine', () => {
  test('with SNP', async () => {
    const metadata = service(json(thim));
    const tpm = fakeTpm();
    const attester = await createAzureVtpmAttester({ run: tpm.run, fetch: metadata.fetch, tcti: 'swtpm:port=1' });
    assert.equal(attester.capabilities.identity, 'snp-measurement');
    const evidence = await attester.evidence(reportData);
    assert.deepEqual(evidence.certificates, { vcek: certificatePem, chain: certificatePem });
    assert.deepEqual([evidence.tpmQuote.pcrs.length, evidence.tdQuote], [24, undefined]);
    assert.deepEqual(
      metadata.asked.map(({ url, init }) => [url, init.headers, init.redirect]),
      [['http://169.254.169.254/metadata/THIM/amd/certification', { Metadata: 'true' }, 'error']],
    );
    const quote = tpm.calls.at(-1) ?? [];
    assert.deepEqual(quote.slice(0, 5), ['tpm2_quote', '--tcti', 'swtpm:port=1', '--key-context', '0x81000003']);
    assert.deepEqual(leftovers(tpm.calls), []);
  });

  test('with TDX', async () => {
    const metadata = service(quoted);
    const attester = await made({ report: tdxReport }, metadata);
    assert.equal(attester.capabilities.identity, 'mrtd');
    const { tdQuote: quote, certificates } = await attester.evidence(reportData);
    assert.ok(equalBytes(quote ?? new Uint8Array(), tdQuote(boundData(tdxReport, 'tdx'))));
    assert.equal(certificates, undefined);
    const [asked] = metadata.asked;
    assert.equal(asked?.url, 'http://169.254.169.254/acc/tdquote');
    const { report } = JSON.parse(asked?.init.body as string) as { report: string };
    assert.deepEqual(fromBase64url(report), tdxReport.slice(0x20, 0x20 + 1024));
  });

  test('is one document, in the form of the Confidential Containers attesters', async () => {
    const snp = JSON.parse(new TextDecoder().decode(await (await made()).quote(reportData))) as Record<string, string>;
    assert.deepEqual(Object.keys(snp), ['version', 'tpm_quote', 'hcl_report', 'vcek']);
    const unpadded = (text = ''): Uint8Array => fromBase64url(text.replace(/=*$/, ''));
    assert.ok(equalBytes(unpadded(snp['vcek']), new X509Certificate(certificatePem).raw));
    assert.deepEqual(unpadded(snp['hcl_report']), hclReport());
    const tpmQuote = snp['tpm_quote'] as unknown as { message: string; pcrs: string[] };
    assert.deepEqual(fromHex(tpmQuote.message), tpmsAttest(reportData));
    assert.deepEqual(fromHex(tpmQuote.pcrs.join('')), registers);
  });

  vectors.test('of real machines is written as they have it', async () => {
    for (const [folder, last] of [
      ['az_snp', 'vcek'],
      ['az_tdx', 'td_quote'],
    ] as const) {
      const read = (name: string): Uint8Array => vectors.read(`azure-vtpm/attestation-rs/${folder}/${name}`);
      const theirs = JSON.parse(new TextDecoder().decode(read('evidence-v1.json'))) as {
        evidence: Record<string, string>;
      };
      const vcek = (theirs.evidence['vcek'] ?? '').replaceAll('-', '+').replaceAll('_', '/');
      const pem = `-----BEGIN CERTIFICATE-----\n${vcek}\n-----END CERTIFICATE-----\n`;
      const answer = last === 'vcek' ? json({ ...thim, vcekCert: pem }) : json({ quote: theirs.evidence['td_quote'] });
      const attester = await made({ report: read('hcl-report.bin') }, service(answer));
      const ours = JSON.parse(new TextDecoder().decode(await attester.quote(reportData))) as Record<string, string>;
      assert.deepEqual(Object.keys(ours), Object.keys(theirs.evidence));
      for (const name of ['hcl_report', last]) assert.equal(ours[name], theirs.evidence[name], `${folder} ${name}`);
    }
  });

  test('takes 64 bytes', async () => {
    await assert.rejects((await made()).evidence(new Uint8Array(63)), { code: 'CODEC_OUT_OF_RANGE' });
  });

  test('is all that there is: no local reports, no keys', async () => {
    const attester = await made();
    await assert.rejects(attester.report(new Uint8Array(512), reportData), { code: 'TEE_CAPABILITY_MISSING' });
    await assert.rejects(attester.key(new Uint8Array(512)), { code: 'TEE_CAPABILITY_MISSING' });
  });
});

describe('a TPM', () => {
  const other = new Uint8Array(24 * 32);
  const refused: readonly [what: string, options: FakeTpmOptions, code: string][] = [
    ['whose quote is about other data', { quote: () => tpmsAttest(new Uint8Array(64)) }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['whose registers changed', { pcrs: other }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that gives too few registers', { pcrs: registers.slice(32) }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that signs nothing', { signature: new Uint8Array() }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that leaves no quote', { idle: 'tpm2_quote' }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that leaves too much', { signature: new Uint8Array(131_073) }, 'TEE_EVIDENCE_UNEXPECTED'],
    ['that cannot quote', { failing: { command: 'tpm2_quote', code: 1 } }, 'TEE_DEVICE_FAILED'],
  ];
  for (const [what, options, code] of refused) {
    test(`${what} is refused`, async () => {
      const tpm = fakeTpm(options);
      const attester = await createAzureVtpmAttester({ run: tpm.run, fetch: service(json(thim)).fetch });
      await assert.rejects(attester.evidence(reportData), { code });
      assert.deepEqual(leftovers(tpm.calls), []);
    });
  }

  test('without a report of the paravisor is not one of Azure', async () => {
    await assert.rejects(made({ failing: { command: 'tpm2_nvread', code: 1 } }), { code: 'TEE_DEVICE_FAILED' });
    await assert.rejects(made({ report: new Uint8Array(2600) }), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  test('without tpm2-tools is not there', async () => {
    await assert.rejects(made({ failing: { command: 'tpm2_nvread', code: 'ENOENT' } }), {
      code: 'TEE_DEVICE_MISSING',
      details: { command: 'tpm2_nvread', reason: 'ENOENT' },
    });
  });
});

describe('the metadata service', () => {
  test('is asked again when it is busy', async () => {
    const metadata = service(status(429), status(503), json(thim));
    await (await made({}, metadata)).evidence(reportData);
    assert.equal(metadata.asked.length, 3);
  });

  test('that stays busy, or does not answer, is given up', async () => {
    for (const metadata of [service(status(429)), service()]) {
      await assert.rejects((await made({}, metadata)).evidence(reportData), { code: 'TEE_DEVICE_FAILED' });
      assert.equal(metadata.asked.length, 4);
    }
  });

  test('that refuses is not asked again', async () => {
    const metadata = service(status(400));
    await assert.rejects((await made({}, metadata)).evidence(reportData), { code: 'TEE_DEVICE_FAILED' });
    assert.equal(metadata.asked.length, 1);
  });

  const malformed: readonly [what: string, answer: () => Response][] = [
    ['no JSON', () => new Response('<html>')],
    ['no object', json('text')],
    ['no chain', json({ vcekCert: 'x' })],
    ['numbers', json({ vcekCert: 1, certificateChain: 2 })],
    ['no UTF-8', () => new Response(Uint8Array.of(0xff, 0xfe))],
    ['more values than it has', json({ ...thim, extra: Array.from({ length: 200 }, () => ({})) })],
    ['no end', () => new Response(new Uint8Array(262_145).fill(0x20))],
  ];
  for (const [what, answer] of malformed) {
    test(`whose answer is ${what} is refused`, async () => {
      await assert.rejects((await made({}, service(answer))).evidence(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }

  test('that gives no certificate gives no document', async () => {
    const metadata = service(json({ ...thim, vcekCert: 'no certificate' }));
    await assert.rejects((await made({}, metadata)).quote(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  const quotes: readonly [what: string, quote: string][] = [
    ['is about another report', toBase64url(tdQuote(reportData))],
    ['is none', toBase64url(new Uint8Array(10))],
    ['is not base64url', '++++'],
    ['has no end', toBase64url(new Uint8Array(65_537))],
  ];
  for (const [what, quote] of quotes) {
    test(`whose TD quote ${what} is refused`, async () => {
      const attester = await made({ report: tdxReport }, service(json({ quote })));
      await assert.rejects(attester.evidence(reportData), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }
});
