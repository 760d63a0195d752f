import assert from 'node:assert/strict';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import {
  AMD_GENOA_ROOT,
  AMD_MILAN_ROOT,
  AMD_TURIN_ROOT,
  amdKeyServiceUrls,
  appraiseSnp,
  parseSnpCollateral,
  unbound,
  verifySnpReport,
  type SnpEndorsements,
  type SnpPolicy,
  type SnpVerdict,
} from '../../src/index.ts';
import { verifySnpReportSync } from '../../src/node.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import { readJson } from '../intel-vectors.ts';
import {
  authoritiesOf,
  endorsementsOf,
  endsOf,
  hexOf,
  productOf,
  reportOf,
  snpRows,
  type SnpRow,
} from './snp-vectors.ts';

const roots = [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT];

function verified(): readonly SnpRow[] {
  return snpRows().filter(({ result }) => result === 'SIG_OK');
}

function rowOf(file: string): SnpRow {
  const row = snpRows().find((candidate) => candidate.file === file);
  assert.ok(row !== undefined, file);
  return row;
}

const milanFile = 'snp/attestation-rs/test-report.bin';
const vlekFile = 'snp/attestation-rs/test-vlek-report.bin';
const turinFile = 'snp/TEE-Attestation-Verification/turin_attestation_report.bin';
const genoaFile = 'snp/TEE-Attestation-Verification/genoa_attestation_report.bin';

function refused(report: Uint8Array, endorsements: SnpEndorsements, status: string, trusted = roots): void {
  assert.throws(
    () => verifySnpReportSync(report, endorsements, { roots: trusted, now: new Date('2025-06-01T00:00:00Z') }),
    (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
      assert.equal(error.details['status'], status);
      return true;
    },
  );
}

vectors.test('every report of the index gives exactly what the index says', async () => {
  const rows = snpRows();
  assert.equal(rows.length, 8);
  for (const row of rows) {
    const bytes = reportOf(row);
    const { fields } = parseSnpReport(bytes);
    assert.equal(fields.version, row.version, row.file);
    assert.equal(fields.vmpl, row.vmpl);
    assert.equal(fields.signingKey, row.signingKey === 1 ? 'VLEK' : 'VCEK');
    assert.equal(BigInt(`0x${fields.policy.raw}`), row.policy);
    assert.equal(fields.policy.debugAllowed, row.debug);
    assert.ok(fields.chipId.startsWith(row.chipIdStart));
    assert.equal(hexOf(bytes, 0x180, 8), row.reportedTcb);
    assert.equal(fields.reportData, hexOf(bytes, 0x50, 64));
    assert.equal(fields.measurement, hexOf(bytes, 0x90, 48));
    if (row.result !== 'SIG_OK') continue;
    const [from = '', until = ''] = row.validity;
    const now = new Date(from);
    const verdict = await verifySnpReport(bytes, endorsementsOf(row), { roots, now });
    assert.deepEqual(verifySnpReportSync(bytes, endorsementsOf(row), { roots, now }), verdict);
    assert.equal(verdict.product, productOf(row));
    assert.deepEqual(verdict.dates.signingKeyCertificate, { from: endsOf(from), until: endsOf(until) });
    assert.deepEqual(verdict.dates.expired, []);
    assert.deepEqual(verdict.dates.notYetValid, []);
  }
});

vectors.test('a report whose key AMD does not publish is read, and not verified', () => {
  const row = rowOf('snp/go-sev-guest/attestation.bin');
  assert.equal(row.result, 'NO_LEAF');
  refused(reportOf(row), endorsementsOf(rowOf(milanFile)), 'SNP_INVALID_REPORT_SIGNATURE');
});

vectors.test('the VLEK’s certificate had ended, and its provider is named', async () => {
  const row = rowOf(vlekFile);
  const now = new Date('2025-12-10T22:14:22Z');
  const verdict = await verifySnpReport(reportOf(row), endorsementsOf(row), { roots, now });
  assert.deepEqual(verdict.dates.expired, ['signingKeyCertificate']);
  assert.ok(verdict.signingKey.kind === 'VLEK' && verdict.signingKey.cspId === 'CN=cc-us-east-2.amazonaws.com');
  assert.equal(verdict.chipIdHidden, true);
});

vectors.test('the certificate that Azure serves as JSON, with its own chain', async () => {
  const folder = 'snp/confidential-sidecar-containers';
  const { vcekCert, certificateChain } = readJson<{ readonly vcekCert: string; readonly certificateChain: string }>(
    `${folder}/uvm_host_amd_certificate.json`,
  );
  const endorsements = parseSnpCollateral({ signingKeyCertificate: vcekCert, certificateChain });
  const now = new Date('2025-01-01T00:00:00Z');
  const { product } = await verifySnpReport(vectors.read(`${folder}/snp_report.bin`), endorsements, { roots, now });
  assert.equal(product, 'Milan');
});

vectors.test('the certificates of other keys are refused', () => {
  const report = reportOf(rowOf(milanFile));
  for (const name of ['test-vcek-invalid-legacy', 'test-vcek-invalid-new']) {
    const signingKeyCertificate = vectors.read(`snp/attestation-rs/${name}.der`);
    const certificateChain = authoritiesOf('Milan', 'ask');
    refused(report, parseSnpCollateral({ signingKeyCertificate, certificateChain }), 'SNP_LEAF_INVALID_ISSUER');
  }
});

vectors.test('the authorities of other products, and of other kinds of keys, are refused', () => {
  const row = rowOf(milanFile);
  const leaf = vectors.read('snp/attestation-rs/test-vcek.der');
  const [ask, ark] = authoritiesOf('Milan', 'ask');
  const [genoaAsk, genoaArk] = authoritiesOf('Genoa', 'ask');
  const [asvk] = authoritiesOf('Milan', 'asvk');
  const turin = authoritiesOf('Turin', 'ask');
  assert.ok(ask && ark && genoaAsk && genoaArk && asvk);
  const chains: readonly (readonly [status: string, chain: readonly Uint8Array[]])[] = [
    ['SNP_LEAF_INVALID_ISSUER', [genoaAsk, genoaArk]],
    ['SNP_LEAF_INVALID_ISSUER', turin],
    ['SNP_LEAF_INVALID_ISSUER', [asvk, ark]],
    ['SNP_INTERMEDIATE_INVALID_EXTENSIONS', [ask, genoaArk]],
    ['SNP_INTERMEDIATE_INVALID_EXTENSIONS', [genoaAsk, ark]],
  ];
  for (const [status, certificateChain] of chains) {
    refused(reportOf(row), parseSnpCollateral({ signingKeyCertificate: leaf, certificateChain }), status);
  }
});

vectors.test('a root is trusted only when it is named', () => {
  for (const row of verified()) {
    const others = roots.filter(({ product }) => product !== productOf(row));
    refused(reportOf(row), endorsementsOf(row), 'SNP_CHAIN_UNTRUSTED', others);
  }
});

vectors.test('AMD’s key cannot be trusted for another product than AMD’s', () => {
  const row = rowOf(milanFile);
  const misnamed = [{ ...AMD_MILAN_ROOT, product: 'Turin' as const }];
  assert.throws(
    () => verifySnpReportSync(reportOf(row), endorsementsOf(row), { roots: misnamed, now: new Date() }),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});

vectors.test('the endorsements of every other platform are refused', () => {
  const rows = [milanFile, genoaFile, turinFile, vlekFile, 'snp/confidential-sidecar-containers/snp_report.bin'].map(
    rowOf,
  );
  for (const row of rows) {
    for (const other of rows) {
      if (other === row) continue;
      assert.throws(
        () => verifySnpReportSync(reportOf(row), endorsementsOf(other), { roots, now: new Date() }),
        (error) => isEnclosError(error, 'EVIDENCE_REFUSED'),
        `${row.file} with ${other.file}`,
      );
    }
  }
});

vectors.test('no flipped bit of a report passes', () => {
  for (const [file, stride] of [
    [milanFile, 1],
    [turinFile, 5],
    [vlekFile, 5],
  ] as const) {
    const row = rowOf(file);
    const endorsements = endorsementsOf(row);
    const report = reportOf(row);
    for (let at = 0; at < report.length; at += stride) {
      const changed = report.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      assert.throws(
        () => verifySnpReportSync(changed, endorsements, { roots, now: new Date() }),
        (error) => isEnclosError(error, 'EVIDENCE_REFUSED'),
        `${file} at ${at}`,
      );
    }
  }
});

vectors.test('no flipped bit of a certificate passes', () => {
  const report = reportOf(rowOf(milanFile));
  const leaf = vectors.read('snp/attestation-rs/test-vcek.der');
  const certificates = [leaf, ...authoritiesOf('Milan', 'ask')];
  for (const [index, certificate] of certificates.entries()) {
    for (let at = 0; at < certificate.length; at += 2) {
      const changed = certificate.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const [signingKeyCertificate = changed, ...certificateChain] = certificates.with(index, changed);
      assert.throws(
        () => {
          const endorsements = parseSnpCollateral({ signingKeyCertificate, certificateChain });
          verifySnpReportSync(report, endorsements, { roots, now: new Date() });
        },
        (error) => isEnclosError(error, 'EVIDENCE_REFUSED') || isEnclosError(error, 'ENDORSEMENTS_INVALID'),
        `certificate ${index} at ${at}`,
      );
    }
  }
});

async function milanVerdict(): Promise<SnpVerdict> {
  const row = rowOf(milanFile);
  return verifySnpReport(reportOf(row), endorsementsOf(row), { roots, now: new Date('2025-06-01T00:00:00Z') });
}

vectors.test('a real report is appraised', async () => {
  const verdict = await milanVerdict();
  const { report } = verdict;
  const policy: SnpPolicy = {
    tee: 'sev-snp',
    measurements: [report.measurement],
    minimumGuestSvn: 4,
    vmpl: 0,
    roots: [AMD_MILAN_ROOT.fingerprint],
    signingKeys: ['VCEK'],
    minimumTcb: { Milan: { bootloader: 3, tee: 0, snp: 8, microcode: 0x73 } },
    allowSmt: true,
    allowMultipleSockets: true,
    allowUncheckedRevocation: true,
    hostData: [report.hostData],
  };
  const options = { now: new Date('2025-06-01T00:00:00Z') };
  const evidence = appraiseSnp(verdict, policy, { reportData: fromHex(report.reportData) }, options);
  assert.equal(evidence.measurement, report.measurement);
  const stricter = { ...policy, minimumTcb: { Milan: { bootloader: 3, tee: 0, snp: 8, microcode: 0xce } } };
  assert.throws(
    () => appraiseSnp(verdict, stricter, unbound('a test'), options),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['got'] === '115 in the reported TCB',
  );
});

vectors.test('where the key service has the endorsements of real reports', () => {
  const genoa = amdKeyServiceUrls(reportOf(rowOf(genoaFile)));
  const genoaId = parseSnpReport(reportOf(rowOf(genoaFile))).fields.chipId;
  assert.deepEqual(genoa, {
    signingKeyCertificate: `https://kdsintf.amd.com/vcek/v1/Genoa/${genoaId}?blSPL=10&teeSPL=0&snpSPL=23&ucodeSPL=84`,
    certificateChain: 'https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain',
    revocationList: 'https://kdsintf.amd.com/vcek/v1/Genoa/crl',
  });
  const turin = amdKeyServiceUrls(reportOf(rowOf(turinFile))).signingKeyCertificate;
  const query = 'blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81&fmcSPL=1';
  assert.equal(turin, `https://kdsintf.amd.com/vcek/v1/Turin/59790fb1c39f35c1?${query}`);
  assert.deepEqual(amdKeyServiceUrls(reportOf(rowOf(vlekFile))), {
    certificateChain: 'https://kdsintf.amd.com/vlek/v1/Milan/cert_chain',
    revocationList: 'https://kdsintf.amd.com/vlek/v1/Milan/crl',
  });
});
