import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { snpScenario, type SnpScenario, type SnpScenarioChanges } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import {
  asJson,
  claimsOf,
  collateralSource,
  hashOf,
  json,
  pemOf,
  refusalOf,
  site,
  snpDocument,
  snpVerifier,
  type Site,
  type SiteChanges,
} from './scene.ts';

const chainOf = ({ leaf, ask, ark }: SnpScenario): string => pemOf(leaf, ask, ark);

interface SnpSite extends Site {
  readonly made: SnpScenario;
  readonly request: AttestRequest;
}

async function snpSite(changes: SnpScenarioChanges = {}, more: SiteChanges = {}): Promise<SnpSite> {
  const made = snpScenario({ rsaBits: 4096, ...changes });
  const where = await site({
    endorsements: collateralSource({ certificate_chain: chainOf(made), crl: toHex(made.crl) }),
    at: made.at,
    verifier: snpVerifier(made),
    ...more,
  });
  return { ...where, made, request: { type: 'SevSnpVm', evidence: snpDocument(made.report, chainOf(made)) } };
}

test('a report attests: with the chain that came with it, or with the one that the host found', async () => {
  const runtime = json({ keys: [{ kty: 'RSA' }] });
  const hostData = hashOf(json({ a: 1 }), 32);
  for (const version of [2, 3, 5] as const) {
    const where = await snpSite({ version, report: { reportData: hashOf(runtime), hostData } });
    const { made } = where;
    const request: AttestRequest = {
      type: 'SevSnpVm',
      evidence: snpDocument(made.report, chainOf(made)),
      runtimeData: asJson(runtime),
      initTimeData: asJson(json({ a: 1 })),
    };
    const claims = await claimsOf(request, where);
    const field = (at: number, length: number): string => toHex(made.report.subarray(at, at + length));
    assert.deepEqual(Object.fromEntries(Object.entries(claims).filter(([name]) => name.startsWith('x-ms-'))), {
      'x-ms-attestation-type': 'sevsnpvm',
      'x-ms-inittime': { a: 1 },
      'x-ms-policy-hash': claims['x-ms-policy-hash'],
      'x-ms-runtime': { keys: [{ kty: 'RSA' }] },
      'x-ms-sevsnpvm-authorkeydigest': field(0x110, 48),
      'x-ms-sevsnpvm-bootloader-svn': 4,
      'x-ms-sevsnpvm-familyId': field(0x10, 16),
      'x-ms-sevsnpvm-guestsvn': new DataView(made.report.buffer).getUint32(4, true),
      'x-ms-sevsnpvm-hostdata': toHex(hostData),
      'x-ms-sevsnpvm-idkeydigest': field(0xe0, 48),
      'x-ms-sevsnpvm-imageId': field(0x20, 16),
      'x-ms-sevsnpvm-is-debuggable': false,
      'x-ms-sevsnpvm-launchmeasurement': field(0x90, 48),
      'x-ms-sevsnpvm-microcode-svn': 213,
      'x-ms-sevsnpvm-migration-allowed': false,
      'x-ms-sevsnpvm-reportdata': toHex(hashOf(runtime)),
      'x-ms-sevsnpvm-reportid': field(0x140, 32),
      'x-ms-sevsnpvm-smt-allowed': true,
      'x-ms-sevsnpvm-snpfw-svn': 22,
      'x-ms-sevsnpvm-tee-svn': 1,
      'x-ms-sevsnpvm-vmpl': 0,
      'x-ms-ver': '1.0',
    });
    const tcb = claims['x-enclos-tcb'] as Record<string, unknown>;
    assert.deepEqual([tcb['product'], tcb['revocation']], ['Milan', 'checked']);
    assert.deepEqual(where.asked, [{ facts: { tee: 'snp', product: 'Milan', signingKey: 'vcek' } }]);
    if (version === 2) continue;
    await claimsOf({ ...request, evidence: snpDocument(made.report) }, where);
    const facts = where.asked[1]?.facts;
    assert.ok(facts?.tee === 'snp' && facts.chip?.hwid === field(0x1a0, 64));
  }
});

test('debug and migration are claims for the policy, and the strict default refuses both', async () => {
  for (const policy of [0xb0000n, 0x70000n]) {
    const open = await snpSite({ report: { policy } });
    const claims = await claimsOf(open.request, open);
    const debug = claims['x-ms-sevsnpvm-is-debuggable'];
    assert.equal(claims['x-ms-sevsnpvm-migration-allowed'], debug !== true);
    const strict = await snpSite({ report: { policy } }, { configuration: { defaultPolicies: 'strict' } });
    assert.equal(await refusalOf(strict.request, strict), '400 PolicyEvaluationError denied');
  }
});

test('documents that are not of the form are refused', async () => {
  const where = await snpSite();
  const { report } = where.made;
  const chain = toBase64url(utf8(chainOf(where.made)));
  const encoded = toBase64url(report);
  for (const evidence of [
    utf8('{}'),
    utf8('[]'),
    utf8(''),
    json({ SnpReport: encoded, VcekCertChain: chain, More: 1 }),
    json({ SnpReport: toBase64url(report.subarray(1)), VcekCertChain: chain }),
    json({ SnpReport: `${encoded}AA`, VcekCertChain: chain }),
    json({ SnpReport: 5, VcekCertChain: chain }),
    json({ SnpReport: encoded, VcekCertChain: 5 }),
    json({ SnpReport: encoded, VcekCertChain: toBase64url(utf8('no certificates')) }),
    json({ SnpReport: encoded, VcekCertChain: toBase64url(new Uint8Array(40_000)) }),
    utf8(`{"SnpReport":"${encoded}","SnpReport":"${encoded}"}`),
    report,
  ]) {
    assert.equal(await refusalOf({ ...where.request, evidence }, where), '400 InvalidParameter evidence-format');
  }
  const single = json({ SnpReport: encoded, VcekCertChain: toBase64url(utf8(toPem('CERTIFICATE', where.made.leaf))) });
  assert.equal(await refusalOf({ ...where.request, evidence: single }, where), '400 InvalidParameter evidence');
});

test('a bit that is flipped anywhere in a report is refused', async () => {
  const where = await snpSite();
  await claimsOf(where.request, where);
  for (let at = 0; at < where.made.report.length; at += 7) {
    const changed = where.made.report.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    const request = { ...where.request, evidence: snpDocument(changed, chainOf(where.made)) };
    assert.match(await refusalOf(request, where), /^400 InvalidParameter /, String(at));
  }
});

test('a root of nobody’s, ended dates, a revoked issuer and a missing list are refused', async () => {
  const foreign = await snpSite({}, { verifier: {} });
  assert.equal(await refusalOf(foreign.request, foreign), '400 InvalidParameter evidence');
  const late = await snpSite({}, { at: new Date('2036-01-01T00:00:00Z') });
  assert.equal(await refusalOf(late.request, late), '400 InvalidParameter collateral-dates');
  const revoked = await snpSite({ crl: { revokes: ['ask'] } });
  assert.equal(await refusalOf(revoked.request, revoked), '400 InvalidParameter evidence');
  const none = { endorsements: () => Promise.resolve(undefined) };
  const unlisted = await snpSite({}, none);
  assert.equal(await refusalOf(unlisted.request, unlisted), '400 InvalidParameter endorsements');
  const lenient = await snpSite({}, { ...none, configuration: { baseline: { allowUncheckedRevocation: true } } });
  const tcb = (await claimsOf(lenient.request, lenient))['x-enclos-tcb'] as Record<string, unknown>;
  assert.equal(tcb['revocation'], 'no-list');
  const bare = { ...lenient.request, evidence: snpDocument(lenient.made.report) };
  assert.equal(await refusalOf(bare, lenient), '400 InvalidParameter endorsements');
});

vectors.test('real reports of Milan, Genoa and Turin attest', async () => {
  const certificate = (path: string): Uint8Array => vectors.read(path);
  const authorities = (product: string): readonly Uint8Array[] =>
    ['ask', 'ark'].map((name) => certificate(`snp/attestation-rs/certs/${product}/${name}.der`));
  const rows = new TextDecoder()
    .decode(vectors.read('snp/INDEX.tsv'))
    .split('\n')
    .map((line) => line.split('\t'));
  const leafOf = (file: string): Uint8Array | string => {
    const path = rows.find(([name]) => name === file)?.[12] ?? '';
    const bytes = vectors.read(path);
    return path.endsWith('.der') ? bytes : new TextDecoder().decode(bytes);
  };
  const firstOf = (pem: string): string => pem.slice(0, pem.indexOf('-----END CERTIFICATE-----') + 26);
  for (const [file, product] of [
    ['snp/attestation-rs/test-report.bin', 'milan'],
    ['snp/TEE-Attestation-Verification/genoa_attestation_report.bin', 'genoa'],
    ['snp/TEE-Attestation-Verification/turin_attestation_report.bin', 'turin'],
  ] as const) {
    const leaf = leafOf(file);
    const chain = (typeof leaf === 'string' ? firstOf(leaf) : pemOf(leaf)) + pemOf(...authorities(product));
    const where = await site({
      at: new Date('2026-06-01T00:00:00Z'),
      // The vectors have no revocation lists of AMD's.
      configuration: { baseline: { allowUncheckedRevocation: true } },
    });
    const report = vectors.read(file);
    const claims = await claimsOf({ type: 'SevSnpVm', evidence: snpDocument(report, chain) }, where);
    assert.equal(claims['x-ms-sevsnpvm-launchmeasurement'], toHex(report.subarray(0x90, 0xc0)));
    assert.equal(where.asked.length, 1);
    assert.equal('x-enclos-platform' in claims, false);
  }
});
