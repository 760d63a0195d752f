import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe } from 'node:test';
import { vectors } from '@enclos/testkit';
import { amdKds, azureAmd, endorsementFacts, fetchEndorsements, type SnpFacts } from '../src/index.ts';
import { amdCrl, amdPem, milan } from './amd.ts';
import { inProcess, rejection, type Handler } from './support.ts';

const now = new Date('2025-06-01T00:00:00Z');
const options = { now: () => now };

function factsOf(): SnpFacts {
  const facts = endorsementFacts(milan.report(), { product: 'Milan' });
  if (facts.tee !== 'snp') throw new Error('not a report');
  return facts;
}

interface Parts {
  readonly leaf?: Uint8Array;
  readonly ask?: Uint8Array;
  readonly ark?: Uint8Array;
  readonly crl?: Uint8Array;
}

function kds({ leaf = milan.leaf(), ask = milan.ask(), ark = milan.ark(), crl }: Parts = {}): Handler {
  const list = crl ?? amdCrl(ark, new Date('2025-05-01T00:00:00Z'), new Date('2025-09-01T00:00:00Z'));
  return ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname.endsWith('/cert_chain')) return new Response(amdPem(ask) + amdPem(ark));
    if (pathname.endsWith('/crl')) return new Response(new Uint8Array(list));
    if (pathname.endsWith('/amd/certification')) {
      return Response.json({
        vcekCert: amdPem(leaf),
        tcbm: 'DB18000000000004',
        certificateChain: amdPem(ask) + amdPem(ark),
        cacheControl: '86400',
      });
    }
    return new Response(new Uint8Array(leaf));
  };
}

describe('endorsements of SEV-SNP', () => {
  vectors.test('chip certificate, chain and revocation list from AMD', async () => {
    const network = inProcess(kds());
    const { collateral, items } = await fetchEndorsements(factsOf(), { source: amdKds(), network, ...options });
    const chain = (collateral.certificate_chain.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []).map(
      (text) => new X509Certificate(text),
    );
    assert.equal(chain.length, 3);
    assert.ok(chain[0]?.verify(chain[1]?.publicKey ?? assert.fail()));
    assert.match(collateral.crl, /^3081|^3082/);
    assert.deepEqual(
      items.map(({ item }) => item.split('?')[0]),
      ['snp-certificate', 'snp-chain', 'snp-crl'],
    );
  });

  vectors.test('from Azure’s metadata service, chain included', async () => {
    const network = inProcess(kds());
    const { collateral, items } = await fetchEndorsements(factsOf(), { source: azureAmd(), network, ...options });
    assert.equal(collateral.certificate_chain.match(/BEGIN/g)?.length, 3);
    assert.equal(items.length, 2);
  });

  vectors.test('a VLEK comes with the evidence, so chain and list are all that is fetched', async () => {
    const asvk = vectors.read('snp/attestation-rs/certs/milan/asvk.der');
    const network = inProcess(kds({ ask: asvk }));
    const facts = { tee: 'snp', product: 'Milan', signingKey: 'vlek' } as const;
    const { collateral } = await fetchEndorsements(facts, { source: amdKds(), network, ...options });
    assert.equal(collateral.certificate_chain.match(/BEGIN/g)?.length, 2);
  });

  vectors.test('what is of another chip, TCB, product or root is refused', async () => {
    const genoa = (name: string): Uint8Array => vectors.read(`snp/attestation-rs/certs/genoa/${name}.der`);
    const facts = factsOf();
    const chip = facts.chip ?? assert.fail();
    const cases: readonly (readonly [what: string, SnpFacts, Parts])[] = [
      ['another chip', { ...facts, chip: { ...chip, hwid: 'ab'.repeat(64) } }, {}],
      ['another TCB', { ...facts, chip: { ...chip, tcb: { ...chip.tcb, microcode: 9 } } }, {}],
      ['a part that it does not have', { ...facts, chip: { ...chip, tcb: { ...chip.tcb, fmc: 1 } } }, {}],
      ['the chain of Genoa', facts, { ask: genoa('ask'), ark: genoa('ark') }],
      ['a chain that does not hang together', facts, { ark: genoa('ark') }],
      ['a list of another root', facts, { crl: amdCrl(genoa('ark'), now, now) }],
      ['a list that ends before it begins', facts, { crl: amdCrl(milan.ark(), now, new Date(0)) }],
      ['no certificate', facts, { leaf: Uint8Array.of(0x30, 0x81, 0x80) }],
    ];
    for (const [what, wanted, parts] of cases) {
      for (const source of [amdKds(), azureAmd()]) {
        const fetched = fetchEndorsements(wanted, { source, network: inProcess(kds(parts)), ...options });
        const error = await rejection(fetched, 'ENDORSEMENTS_ANSWER_INVALID');
        assert.ok(error.details['rule'], what);
      }
    }
  });

  vectors.test('AMD has no baselines', async () => {
    const network = inProcess(kds());
    const asked = fetchEndorsements(factsOf(), { source: amdKds(), network, update: 'early' });
    await rejection(asked, 'ENDORSEMENTS_REQUEST_INVALID');
  });
});
