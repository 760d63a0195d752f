import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseCollateral, softwareRoot, verifyQuote, type QuoteCollateral } from '@enclos/attestation';
import { collateralApp, collateralFor, publishTcb, type Vendor } from '@enclos/software-sgx';
import { vectors } from '@enclos/testkit';
import { azureThim, endorsementFacts, fetchEndorsements, intelPcs, pccs, type DcapFacts } from '../src/index.ts';
import { fakePcs, type CrlEncoding } from './fake-pcs.ts';
import { softwareSite, type SoftwareSite } from './software-site.ts';
import { inProcess, now, rejection, serve, type Served } from './support.ts';

const clock = (): Date => now;

function dcapFacts(quote: Uint8Array): DcapFacts {
  const facts = endorsementFacts(quote);
  if (!('fmspc' in facts)) throw new Error('The quote does not carry its chain.');
  return facts;
}

async function verdictStatus(quote: Uint8Array, collateral: QuoteCollateral, { rootPem }: Vendor): Promise<string> {
  const roots = [await softwareRoot(rootPem)];
  return (await verifyQuote(quote, parseCollateral(collateral), { roots, now })).status;
}

describe('a software vendor over HTTP', () => {
  let site: SoftwareSite;
  let served: Served;
  before(async () => {
    // The address is in the certificates, so it comes before the vendor.
    const later: { app?: ReturnType<typeof collateralApp> } = {};
    served = await serve((request) => later.app?.fetch(request) ?? new Response(null, { status: 503 }));
    site = await softwareSite(served.url);
    later.app = collateralApp(site.vendor.folder, { now: clock });
  });
  after(() => served.close());

  test('as a PCS and as a PCCS: what is fetched verifies a quote', async () => {
    const quote = site.quote();
    for (const source of [intelPcs({ url: served.url }), pccs({ url: served.url })]) {
      const fetched = await fetchEndorsements(endorsementFacts(quote), { source, now: clock });
      assert.ok('tcb_info' in fetched.collateral);
      const { version: _version, ...expected } = collateralFor(site.vendor);
      assert.deepEqual(fetched.collateral, expected);
      assert.equal(await verdictStatus(quote, fetched.collateral, site.vendor), 'OK');
      assert.deepEqual(
        fetched.items.map(({ item, origin, freshness }) => [item.split('?')[0], origin, freshness]),
        ['tcb-info', 'qe-identity', 'pck-crl', 'root-crl'].map((kind) => [kind, 'network', 'fresh']),
      );
      assert.deepEqual(fetched.notices, []);
    }
  });

  test('the certificate of a quote that does not carry it is looked up', async () => {
    const { machine, vendor } = site;
    const quote = site.quote();
    const pceSvn = Buffer.alloc(2);
    pceSvn.writeUInt16LE(machine.pceSvn);
    const pck = { ppid: machine.ppid, cpuSvn: machine.cpuSvn, pceSvn: pceSvn.toString('hex'), pceId: vendor.pceId };
    const { collateral } = await fetchEndorsements(
      { tee: 'sgx', pck: { ...pck, pceId: pck.pceId.toLowerCase() } },
      { source: intelPcs({ url: served.url }), now: clock },
    );
    assert.equal(collateral.pck_certificate_chain?.match(/BEGIN/g)?.length, 3);
    assert.equal(await verdictStatus(quote, collateral, vendor), 'OK');
    const unknown = { tee: 'sgx', pck: { ...pck, pceId: '0000', ppid: '00'.repeat(16) } } as const;
    const source = intelPcs({ url: served.url });
    await rejection(fetchEndorsements(unknown, { source, now: clock }), 'ENDORSEMENTS_NOT_FOUND');
  });

  test('baselines: by name, by number, withdrawn, not there, and never two at once', async () => {
    const facts = dcapFacts(site.quote());
    const options = { source: intelPcs({ url: served.url }), now: clock };
    const { items } = await fetchEndorsements(facts, { ...options, update: 'early' });
    assert.match(items[0]?.item ?? '', /baseline=early/);
    const components = new Uint8Array(15).fill(1).with(0, 2);
    await publishTcb(site.vendor, { components, now });
    const byNumber = await fetchEndorsements(facts, { ...options, evaluationNumber: 2 });
    assert.equal(byNumber.items[0]?.evaluationNumber, 2);
    const gone = await rejection(
      fetchEndorsements(facts, { ...options, evaluationNumber: 1 }),
      'ENDORSEMENTS_WITHDRAWN',
    );
    assert.equal(gone.details['status'], 410);
    assert.match(gone.message, /has withdrawn it: (?:tcb-info|qe-identity)\?baseline=1&/);
    await rejection(fetchEndorsements(facts, { ...options, evaluationNumber: 3 }), 'ENDORSEMENTS_NOT_FOUND');
    for (const evaluationNumber of [0, -1, 1.5, Number.NaN]) {
      await rejection(fetchEndorsements(facts, { ...options, evaluationNumber }), 'ENDORSEMENTS_REQUEST_INVALID');
    }
    const asked = served.requests.length;
    const both = fetchEndorsements(facts, { ...options, update: 'standard', evaluationNumber: 2 });
    await rejection(both, 'ENDORSEMENTS_REQUEST_INVALID');
    assert.equal(served.requests.length, asked);
  });

  test('a platform that the vendor does not have is not found', async () => {
    const facts = { tee: 'sgx', fmspc: '000000000000', ca: 'platform' } as const;
    await rejection(fetchEndorsements(facts, { source: pccs({ url: served.url }) }), 'ENDORSEMENTS_NOT_FOUND');
    await rejection(
      fetchEndorsements({ ...facts, fmspc: '00' }, { source: pccs({ url: served.url }) }),
      'ENDORSEMENTS_REQUEST_INVALID',
    );
  });
});

describe('Intel’s own collateral', () => {
  const cases = vectors.available ? vectors.list('dcap/vectors').filter((name) => !name.includes('.')) : [];
  for (const [index, name] of cases.entries()) {
    vectors.test(`${name}, in each shape of a service, with its revocation lists in each encoding`, async () => {
      const quote = vectors.read(`dcap/vectors/${name}/quote.bin`);
      const text = new TextDecoder().decode(vectors.read(`dcap/vectors/${name}/collateral.json`));
      const collateral = JSON.parse(text) as QuoteCollateral;
      const { at } = JSON.parse(new TextDecoder().decode(vectors.read(`dcap/vectors/${name}/expected.json`))) as {
        at: string;
      };
      const crls = (['der', 'pem', 'hex', 'base64'] as const)[index % 4] satisfies CrlEncoding | undefined;
      const network = inProcess(fakePcs(collateral, crls === undefined ? {} : { crls }));
      const facts = dcapFacts(quote);
      const url = 'http://127.0.0.1:1';
      const place = facts.tee === 'tdx' ? 'useast2' : 'global';
      for (const source of [intelPcs(), pccs({ url }), azureThim({ place, url })]) {
        const fetched = await fetchEndorsements(facts, { source, network, now: () => new Date(at) });
        assert.equal(fetched.collateral.tcb_info, collateral.tcb_info);
        assert.equal(fetched.collateral.qe_identity, collateral.qe_identity);
        assert.equal(fetched.collateral.pck_crl, collateral.pck_crl);
        assert.equal(fetched.collateral.root_ca_crl, collateral.root_ca_crl);
        assert.deepEqual(parseCollateral(fetched.collateral).fmspc, facts.fmspc);
        assert.ok(fetched.notices.every(({ kind }) => kind === 'numbers-differ'));
      }
    });
  }
});
