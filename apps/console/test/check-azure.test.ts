import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { softwareRoot } from '@enclos/attestation';
import type { JsonObject } from '@enclos/codec/json';
import { toHex } from '@enclos/codec';
import {
  azureSnpScenario,
  azureTdxScenario,
  exampleTdReport,
  otherAzureKey,
  type AzureScenarioChanges,
} from '@enclos/evidence-kit';
import { check } from '../src/page/check.ts';
import type { Outcome, Request } from '../src/page/outcome.ts';

const pcr7 = '08'.repeat(32);

function onSnp(changes: AzureScenarioChanges = {}): Request {
  const { document, snp } = azureSnpScenario({ ...changes, snp: { rsaBits: 4096, ...changes.snp } });
  const { ask, ark, crl, at, product, rootPublicKey } = snp;
  const fingerprint = createHash('sha256').update(Buffer.from(rootPublicKey, 'hex')).digest('hex');
  return {
    evidence: { kind: 'azure-evidence', bytes: document },
    // The certificate of the signing key is in the document.
    amd: { authority: ask, root: ark, revocationList: crl },
    roots: [],
    amdRoots: [{ product, publicKey: rootPublicKey, fingerprint }],
    now: at,
    allowTrailingBytes: false,
  };
}

async function onTdx(changes: AzureScenarioChanges = {}): Promise<Request> {
  const { document, tdx } = azureTdxScenario(changes);
  return {
    evidence: { kind: 'azure-evidence', bytes: document },
    collateral: JSON.stringify(tdx.collateral),
    amd: {},
    roots: [await softwareRoot(tdx.root.certificate)],
    amdRoots: [],
    now: tdx.at,
    allowTrailingBytes: false,
  };
}

function failedStep({ verification }: Outcome): string | undefined {
  assert.ok(verification.kind === 'refused');
  return verification.steps.find(({ status }) => status === 'failed')?.id;
}

test('a machine on either hardware is verified to its PCRs, and decoded', async () => {
  for (const [request, hardware, steps] of [
    [onSnp(), 'sev-snp', 20],
    [await onTdx(), 'tdx', 30],
  ] as const) {
    const { verification, appraisal, fields } = await check(request);
    assert.ok(verification.kind === 'genuine' && verification.verdict.tee === 'azure-vtpm');
    assert.equal(verification.verdict.hardware.tee, hardware);
    assert.equal(verification.verdict.tpm.pcrs[7], pcr7);
    assert.equal(verification.steps.length, steps);
    assert.ok(verification.steps.every(({ status }) => status === 'passed'));
    assert.deepEqual(appraisal, { kind: 'none' });
    assert.deepEqual(
      fields.slice(0, 3).map(({ label }) => label),
      ['version', 'HCL report', 'TPM quote'],
    );
  }
});

test('what is missing is named by the hardware of the machine', async () => {
  const { evidence, ...rest } = onSnp();
  assert.ok(evidence !== undefined);
  const bare = { ...rest, amd: {}, amdRoots: [], evidence };
  assert.deepEqual((await check(bare)).verification, { kind: 'waiting', missing: ['amd-authority', 'amd-root'] });
  const { collateral: _, ...tdx } = await onTdx();
  assert.deepEqual((await check({ ...tdx, roots: [] })).verification, {
    kind: 'waiting',
    missing: ['collateral', 'root'],
  });
  const malformed = await check({ ...onSnp(), amd: { ...onSnp().amd, authority: new Uint8Array(9) } });
  assert.equal(malformed.verification.kind, 'malformed');
  assert.equal((await check({ ...(await onTdx()), collateral: '{}' })).verification.kind, 'malformed');
});

const refused: readonly (readonly [step: string, changes: AzureScenarioChanges])[] = [
  ['vtpm-document', { document: (good) => ({ ...good, version: 3 }) }],
  ['vtpm-hcl-report', { hcl: { version: 3 } }],
  ['vtpm-binding', { runtimeText: (good) => good.replace('thumb', 'thief') }],
  ['vtpm-runtime-data', { runtime: (good) => ({ ...good, keys: [] }) }],
  ['vtpm-quote-format', { attest: { type: 0x8017 } }],
  ['vtpm-quote-signature', { quoteKey: otherAzureKey() }],
  ['vtpm-pcr-digest', { pcrs: (good) => good.with(0, new Uint8Array(32)) }],
];

for (const [step, changes] of refused) {
  test(`a machine is refused at ${step}`, async () => {
    assert.equal(failedStep(await check(onSnp(changes))), step);
    assert.equal(failedStep(await check(await onTdx(changes))), step);
  });
}

test('the steps of the hardware refuse at their places', async () => {
  const stranger = {
    ...onSnp(),
    amdRoots: [{ ...(onSnp().amdRoots[0] ?? assert.fail()), fingerprint: '00'.repeat(32), publicKey: '00' }],
  };
  assert.equal(failedStep(await check(stranger)), 'snp-trusted-root');
  assert.equal(failedStep(await check(onSnp({ snp: { report: { vmpl: 1 } } }))), 'vtpm-hardware');
  assert.equal(
    failedStep(
      await check({
        ...(await onTdx()),
        now: new Date('2026-01-15T00:00:00Z'),
        roots: [await softwareRoot(azureTdxScenario().tdx.root.certificate)],
        collateral: JSON.stringify({ ...azureTdxScenario().tdx.collateral, tcb_info_signature: '00'.repeat(64) }),
      }),
    ),
    'tcb-info-signature',
  );
});

async function policyFor(request: Request): Promise<JsonObject> {
  const [root] = request.roots;
  return {
    tee: 'azure-vtpm',
    pcrs: { 7: [pcr7] },
    requireSecureBoot: true,
    hardware: {
      tee: 'tdx',
      acceptedStatuses: ['OK'],
      intelRoot: false,
      softwareRoots: [root?.fingerprint ?? ''],
      mrTd: [toHex(exampleTdReport.mrTd)],
      rtmr0: 'any',
      rtmr1: 'any',
      rtmr2: 'any',
      rtmr3: 'any',
      requireSeptVeDisable: false,
    },
  };
}

test('a policy is applied: accepted with its nonce, refused with its rule', async () => {
  const request = await onTdx();
  const policy = await policyFor(request);
  const { nonce } = azureTdxScenario();
  const bindings = await Promise.all(
    [{}, { reportData: nonce }].map(async (given) => (await check({ ...request, policy, ...given })).appraisal),
  );
  assert.deepEqual(
    bindings.map((appraisal) => appraisal.kind === 'accepted' && appraisal.binding.kind),
    ['unbound', 'nonce'],
  );
  for (const [rule, change, given] of [
    ['binding', {}, { reportData: Uint8Array.of(1) }],
    ['pcrs.7', { pcrs: { 7: ['00'.repeat(32)] } }, {}],
    ['hardware.mrTd', { hardware: { ...(policy['hardware'] as JsonObject), mrTd: ['00'.repeat(48)] } }, {}],
  ] as const) {
    const { appraisal } = await check({ ...request, policy: { ...policy, ...change }, ...given });
    assert.ok(appraisal.kind === 'refused', rule);
    assert.equal(appraisal.error.details['field'], rule);
  }
});

test('an HCL report alone is verified as far as its hardware’s report goes, and says so', async () => {
  const { hclReport, snp } = azureSnpScenario({ snp: { rsaBits: 4096 } });
  const request = onSnp();
  const evidence = { kind: 'hcl-report', bytes: hclReport } as const;
  const outcome = await check({ ...request, amd: { ...request.amd, leaf: snp.leaf }, evidence });
  assert.ok(outcome.verification.kind === 'genuine' && outcome.verification.verdict.tee === 'sev-snp');
  assert.equal(outcome.onlyHardware, true);
  assert.deepEqual(
    outcome.fields.slice(0, 2).map(({ label }) => label),
    ['signature', 'version'],
  );
  const onTdxAlone = { kind: 'hcl-report', bytes: azureTdxScenario().hclReport } as const;
  const waiting = await check({ ...(await onTdx()), evidence: onTdxAlone });
  assert.deepEqual(waiting.verification, { kind: 'waiting', missing: ['machine'] });
  const cut = await check({
    ...request,
    amd: { ...request.amd, leaf: snp.leaf },
    evidence: { ...evidence, bytes: hclReport.subarray(0, 900) },
  });
  assert.equal(failedStep(cut), 'snp-report-format');
});
