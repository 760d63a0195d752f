import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTEL_SGX_ROOT, parseCollateral, softwareRoot, verifyQuote, type SgxPolicy } from '@enclos/attestation';
import { scenario } from '@enclos/evidence-kit';
import {
  createInferenceClient,
  quoteReportAppraiser,
  type InferenceClient,
  type ReportAppraiser,
} from '../src/index.ts';
import { policyReportAppraiser } from '../src/node/index.ts';
import { openService, serviceUrl } from './service.ts';

type By = 'roots and policy' | 'policy alone';

interface Changes {
  readonly mrEnclave?: string;
  readonly sendsCollateral?: boolean;
  readonly bindsKeys?: boolean;
}

/** A client with a policy, and a service whose quotes a platform of the evidence kit makes. */
async function openScene(
  by: By,
  { mrEnclave, sendsCollateral = true, bindsKeys = true }: Changes = {},
): Promise<InferenceClient> {
  const service = await openService();
  const { collateral, quote, root, at } = scenario();
  const roots = [await softwareRoot(root.certificate)];
  const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots, now: at });
  assert.ok(verdict.tee === 'sgx');
  service.nowMs = at.getTime();
  await service.restart();
  service.quote = async (reportData) => {
    const made = scenario(bindsKeys ? { report: { reportData } } : {});
    return { value: made.quote, ...(sendsCollateral ? { endorsements: JSON.stringify(made.collateral) } : {}) };
  };
  const policy: SgxPolicy = {
    mrEnclave: [mrEnclave ?? verdict.report.mrEnclave],
    minimumSecurityVersion: 0,
    acceptedStatuses: ['OK'],
    intelRoot: false,
    softwareRoots: roots.map(({ fingerprint }) => fingerprint),
  };
  const appraise =
    by === 'policy alone'
      ? policyReportAppraiser({ policy, now: () => at })
      : quoteReportAppraiser({ roots, policy: () => policy, now: () => at });
  return createInferenceClient({ url: serviceUrl, appraise, fetch: service.fetch, nowMs: () => service.nowMs });
}

for (const by of ['roots and policy', 'policy alone'] as const) {
  test(`by ${by}: a genuine quote about the keys, of the enclave of the policy, is accepted`, async () => {
    await (await openScene(by)).attest();
  });

  test(`by ${by}: another enclave, a quote about other keys, and a service without collateral are refused`, async () => {
    const refused = async (changes: Changes, code: string): Promise<void> =>
      assert.rejects((await openScene(by, changes)).attest(), { code });
    await refused({ mrEnclave: 'ab'.repeat(32) }, 'APPRAISAL_REFUSED');
    await refused({ bindsKeys: false }, 'APPRAISAL_REFUSED');
    await refused(
      { sendsCollateral: false },
      by === 'policy alone' ? 'ATLS_COLLATERAL_MISSING' : 'INFERENCE_NOT_ATTESTED',
    );
  });
}

test('foreign software root: a platform whose root the client does not name is refused, however good its evidence', async () => {
  const { collateral, quote, at, root } = scenario();
  const own = await softwareRoot(root.certificate);
  const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots: [own], now: at });
  assert.ok(verdict.tee === 'sgx');
  const { report } = verdict;
  const policy = {
    mrEnclave: [report.mrEnclave],
    minimumSecurityVersion: 0,
    acceptedStatuses: ['OK'],
    intelRoot: false,
    softwareRoots: [own.fingerprint],
  } as const satisfies SgxPolicy;
  const now = (): Date => at;
  const appraisers: readonly (readonly [ReportAppraiser, string])[] = [
    [policyReportAppraiser({ mrEnclave: report.mrEnclave, softwareRoot: '00'.repeat(32), now }), 'ATLS_ROOT_NOT_NAMED'],
    // The policy names it, and the verifier trusts another: either has to be right.
    [quoteReportAppraiser({ roots: [INTEL_SGX_ROOT], policy, now }), 'EVIDENCE_REFUSED'],
    [
      quoteReportAppraiser({ roots: [own], policy: { ...policy, softwareRoots: ['00'.repeat(32)] }, now }),
      'APPRAISAL_REFUSED',
    ],
  ];
  for (const [appraise, code] of appraisers) {
    const service = await openService();
    service.quote = async (reportData) => {
      const made = scenario({ report: { reportData } });
      return { value: made.quote, endorsements: JSON.stringify(made.collateral) };
    };
    const client = createInferenceClient({ url: serviceUrl, appraise, fetch: service.fetch });
    await assert.rejects(client.attest(), { code });
    assert.deepEqual(service.outside, [], 'nothing was sent to it');
  }
});
