import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AMD_MILAN_ROOT, type SnpRoot } from '@enclos/attestation';
import { snpScenario, type SnpScenarioChanges } from '@enclos/evidence-kit';
import { check } from '../src/page/check.ts';
import type { Request } from '../src/page/outcome.ts';

function requestOf(changes: SnpScenarioChanges = {}): Request & { readonly amdRoots: readonly [SnpRoot] } {
  const { report, leaf, ask, ark, crl, at, product, rootPublicKey } = snpScenario(changes);
  const fingerprint = createHash('sha256').update(Buffer.from(rootPublicKey, 'hex')).digest('hex');
  return {
    evidence: { kind: 'snp-report', bytes: report },
    amd: { leaf, authority: ask, root: ark, revocationList: crl },
    roots: [],
    amdRoots: [{ product, publicKey: rootPublicKey, fingerprint }],
    now: at,
    allowTrailingBytes: false,
  };
}

test('what is missing is named, and what is there is decoded', async () => {
  const request = requestOf();
  const outcome = await check({ ...request, amd: {}, amdRoots: [] });
  assert.deepEqual(outcome.verification, { kind: 'waiting', missing: ['amd-leaf', 'amd-authority', 'amd-root'] });
  assert.equal(outcome.fields[0]?.label, 'version');
});

test('a genuine report is verified, and nothing is appraised without a policy', async () => {
  const { verification, appraisal } = await check(requestOf());
  assert.ok(verification.kind === 'genuine' && verification.verdict.tee === 'sev-snp');
  assert.equal(verification.verdict.revocation, 'checked');
  assert.equal(verification.steps.length, 12);
  assert.ok(verification.steps.every(({ status }) => status === 'passed'));
  assert.deepEqual(appraisal, { kind: 'none' });
});

test('a chain under a root that was not chosen is refused at that step', async () => {
  const { verification } = await check({ ...requestOf(), amdRoots: [AMD_MILAN_ROOT] });
  assert.ok(verification.kind === 'refused');
  assert.equal(verification.steps.find(({ status }) => status === 'failed')?.id, 'snp-trusted-root');
});

test('a revoked authority is refused, malformed certificates are no word about the report', async () => {
  const revoked = await check(requestOf({ crl: { revokes: ['ask'] } }));
  assert.ok(revoked.verification.kind === 'refused');
  assert.equal(revoked.verification.error.details['status'], 'SNP_INTERMEDIATE_REVOKED');
  const request = requestOf();
  const malformed = await check({ ...request, amd: { ...request.amd, leaf: new Uint8Array(100) } });
  assert.equal(malformed.verification.kind, 'malformed');
});

test('a policy is applied: accepted, and refused with its rule', async () => {
  const request = requestOf();
  const { verification } = await check(request);
  assert.ok(verification.kind === 'genuine' && verification.verdict.tee === 'sev-snp');
  const { report } = verification.verdict;
  const policy = {
    tee: 'sev-snp',
    measurements: [report.measurement],
    minimumGuestSvn: 0,
    vmpl: report.vmpl,
    roots: [request.amdRoots[0].fingerprint],
    signingKeys: ['VCEK'],
    minimumTcb: { Milan: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
    allowSmt: true,
    allowMultipleSockets: true,
  };
  const accepted = await check({ ...request, policy });
  assert.equal(accepted.appraisal.kind, 'accepted');
  const refused = await check({ ...request, policy: { ...policy, measurements: ['00'.repeat(48)] } });
  assert.ok(refused.appraisal.kind === 'refused');
  assert.equal(refused.appraisal.error.details['field'], 'measurements');
});
