import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collateralFor } from '@enclos/software-sgx';
import type { QuoteCollateral } from '@enclos/attestation';
import { fetchEndorsements, itemRequest, obtainItem, pccs } from '../src/index.ts';
import { fakePcs, type FakeOptions } from './fake-pcs.ts';
import { softwareSite } from './software-site.ts';
import { inProcess, now, rejection, serveRaw } from './support.ts';

const mine = await softwareSite();
const stranger = await softwareSite();
const good = collateralFor(mine.vendor);
const other = collateralFor(stranger.vendor);
const facts = { tee: 'sgx', fmspc: mine.vendor.fmspc.toLowerCase(), ca: 'platform' } as const;
const source = pccs({ url: 'http://127.0.0.1:1' });

const fetchFrom = (collateral: QuoteCollateral, options: FakeOptions = {}, wanted: object = {}) =>
  fetchEndorsements(
    { ...facts, ...wanted },
    { source, network: inProcess(fakePcs(collateral, options)), now: () => now },
  );

const isRefused = async (fetched: Promise<unknown>): Promise<void> => {
  await rejection(fetched, 'ENDORSEMENTS_ANSWER_INVALID');
};

const info = (text: (document: string) => string): QuoteCollateral => ({ ...good, tcb_info: text(good.tcb_info) });
const certificates = (pem: string): readonly string[] => pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? [];
const [signer = '', root = ''] = certificates(good.tcb_info_issuer_chain);
const [ca = ''] = certificates(good.pck_crl_issuer_chain);

test('the same parts without a change are taken', async () => {
  assert.equal((await fetchFrom(good)).collateral.pck_crl, good.pck_crl);
});

describe('chains that are mixed', () => {
  for (const [what, changes] of [
    ['a TCB info of another root', { tcb_info_issuer_chain: other.tcb_info_issuer_chain }],
    ['a QE identity of another root', { qe_identity_issuer_chain: other.qe_identity_issuer_chain }],
    ['a PCK CRL chain of another root', { pck_crl_issuer_chain: other.pck_crl_issuer_chain }],
    ['a root alone', { tcb_info_issuer_chain: root }],
    ['a signer alone', { tcb_info_issuer_chain: signer }],
    ['three certificates', { tcb_info_issuer_chain: signer + root + root }],
    ['many certificates', { tcb_info_issuer_chain: root.repeat(9) }],
    ['the order turned', { tcb_info_issuer_chain: root + signer }],
    ['a list of another CA than its chain', { pck_crl_issuer_chain: good.tcb_info_issuer_chain }],
    ['the list of the root for that of the CA', { pck_crl: good.root_ca_crl }],
    ['the list of the CA for that of the root', { root_ca_crl: good.pck_crl }],
    ['the CA without its root', { pck_crl_issuer_chain: ca }],
  ] as const) {
    test(what, async () => {
      const error = await rejection(fetchFrom({ ...good, ...changes }), 'ENDORSEMENTS_ANSWER_INVALID');
      assert.equal(typeof error.details['item'], 'string');
    });
  }
});

describe('answers to another question', () => {
  test('another FMSPC', () => isRefused(fetchFrom(good, {}, { fmspc: 'ffffffffffff' })));
  test('another CA', () => isRefused(fetchFrom(good, {}, { ca: 'processor' })));
  test('SGX for TDX', () => isRefused(fetchFrom(good, {}, { tee: 'tdx' })));
  test('another evaluation number', async () => {
    const network = inProcess(fakePcs(good));
    const fetched = fetchEndorsements(facts, { source, network, evaluationNumber: 99 });
    assert.match((await rejection(fetched, 'ENDORSEMENTS_ANSWER_INVALID')).message, /evaluation number 1, not 99/);
  });
  test('an identity for a TCB info', async () => {
    const identity = `{"enclaveIdentity":${good.qe_identity},"signature":"${good.qe_identity_signature}"}`;
    const headers = { 'TCB-Info-Issuer-Chain': encodeURIComponent(good.tcb_info_issuer_chain) };
    const replace = { '/tcb': () => new Response(identity, { headers }) };
    await rejection(fetchFrom(good, { replace }), 'ENDORSEMENTS_ANSWER_INVALID');
  });
});

describe('documents that are not well-formed', () => {
  for (const [what, change] of [
    ['a duplicate member', (text: string) => text.replace('"id":', '"id":"TDX","id":')],
    [
      'an end before its beginning',
      (text: string) => text.replace(/"nextUpdate":"[^"]+"/, '"nextUpdate":"2020-01-01T00:00:00Z"'),
    ],
    [
      'a date that does not exist',
      (text: string) => text.replace(/"issueDate":"[^"]+"/, '"issueDate":"2026-02-30T00:00:00Z"'),
    ],
    ['an evaluation number that is none', (text: string) => text.replace(/("tcbEvaluationDataNumber":)\d+/, '$1-1')],
    ['levels that only the verifier reads', (text: string) => text.replace('"tcbLevels":[', '"tcbLevels":[{},')],
    ['a deep nesting', (text: string) => text.replace('{', `{"x":${'['.repeat(64)}${']'.repeat(64)},`)],
  ] as const) {
    test(what, () => isRefused(fetchFrom(info(change))));
  }
  test('a signature of another length', () => isRefused(fetchFrom({ ...good, tcb_info_signature: 'ab' })));
  test('HTML with status 200', () => {
    const page = () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
    return isRefused(fetchFrom(good, { replace: { '/pckcrl': page } }));
  });
});

test('a header that is there twice', async () => {
  const chain = encodeURIComponent(good.tcb_info_issuer_chain);
  const served = await serveRaw((_request, response) => {
    response.setHeader('TCB-Info-Issuer-Chain', [chain, chain]);
    response.end(`{"tcbInfo":${good.tcb_info},"signature":"${good.tcb_info_signature}"}`);
  });
  try {
    const request = itemRequest('tcb-info', { tee: 'sgx', fmspc: facts.fmspc, baseline: 'standard' });
    const obtained = obtainItem(request, { source: pccs({ url: served.url }), now: () => now });
    assert.match((await rejection(obtained, 'ENDORSEMENTS_ANSWER_INVALID')).message, /the header of the chain/);
  } finally {
    await served.close();
  }
});
