import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCollateral, softwareRoot, verifyQuote, type SgxPolicy } from '@enclos/attestation';
import { scenario } from '@enclos/evidence-kit';
import { createInferenceClient, quoteReportAppraiser, type InferenceClient } from '../src/index.ts';
import { openService, serviceUrl } from './service.ts';

interface Changes {
  readonly mrEnclave?: string;
  readonly sendsCollateral?: boolean;
  readonly bindsKeys?: boolean;
}

/** A client with a policy, and a service whose quotes a platform of the evidence kit makes. */
async function openScene({
  mrEnclave,
  sendsCollateral = true,
  bindsKeys = true,
}: Changes = {}): Promise<InferenceClient> {
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
  const appraise = quoteReportAppraiser({ roots, policy: () => policy, now: () => at });
  return createInferenceClient({ url: serviceUrl, appraise, fetch: service.fetch, nowMs: () => service.nowMs });
}

test('a genuine quote about the keys, of the enclave of the policy, is accepted', async () => {
  await (await openScene()).attest();
});

test('another enclave, a quote about other keys, and a service without collateral are refused', async () => {
  await assert.rejects((await openScene({ mrEnclave: 'ab'.repeat(32) })).attest(), { code: 'APPRAISAL_REFUSED' });
  await assert.rejects((await openScene({ bindsKeys: false })).attest(), { code: 'APPRAISAL_REFUSED' });
  await assert.rejects((await openScene({ sendsCollateral: false })).attest(), { code: 'INFERENCE_NOT_ATTESTED' });
});
