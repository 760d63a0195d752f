import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyRing, pemChain, scenario, type ChainChange } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { leafFirst } from '@enclos/codec/x509';
import { parseCollateral, parseSnpCollateral, softwareRoot, verifyQuote, verifySnpReport } from '../src/index.ts';
import { makeSnpPlatform, now, snpRoot } from './snp/synthetic-platform.ts';

/** By what a certificate is called and who issued it. */
interface Named {
  readonly subject: string;
  readonly issuer: string;
}

const issuedBy = (issued: Named, issuer: Named): boolean => issued.issuer === issuer.subject;
const root: Named = { subject: 'root', issuer: 'root' };
const ca: Named = { subject: 'ca', issuer: 'root' };
const leaf: Named = { subject: 'leaf', issuer: 'ca' };

const orders: readonly (readonly [number, number, number])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The change that puts certificates into another order. */
const reordered =
  (order: readonly number[]): ChainChange =>
  (good) =>
    order.flatMap((index) => good[index] ?? []);

test('names tell one order, or the chain stays as it was', () => {
  for (const order of orders) {
    assert.deepEqual(
      leafFirst(
        order.flatMap((index) => [leaf, ca, root][index] ?? []),
        issuedBy,
      ),
      [leaf, ca, root],
    );
  }
  assert.deepEqual(leafFirst([root, ca], issuedBy), [ca, root]);
  assert.deepEqual(leafFirst([root], issuedBy), [root]);
  const stranger: Named = { subject: 'stranger', issuer: 'stranger' };
  for (const chain of [
    [],
    [leaf],
    [leaf, ca],
    [root, leaf, { ...leaf }],
    [root, ca, { ...ca }],
    [root, { ...root }, ca],
    [stranger, root, ca],
    [stranger, ca, leaf],
    [root, leaf, { subject: 'ca', issuer: 'another' }],
    // More than a chain has.
    [root, ca, leaf, { subject: 'below', issuer: 'leaf' }],
  ]) {
    assert.equal(leafFirst(chain, issuedBy), chain);
  }
});

test('the result has the very certificates that were given, and asks for names a few times', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const chains = fc.array(fc.record({ subject: name, issuer: name }), { maxLength: 40 });
  fc.assert(
    fc.property(chains, (chain) => {
      let asked = 0;
      const ordered = leafFirst(chain, (issued, issuer) => {
        asked += 1;
        return issuedBy(issued, issuer);
      });
      assert.deepEqual(new Set(ordered), new Set(chain));
      assert.equal(ordered.length, chain.length);
      assert.ok(asked <= 9);
    }),
  );
});

async function statusOf(made: ReturnType<typeof scenario>): Promise<string> {
  const { quote, collateral, root: top, at } = made;
  const roots = [await softwareRoot(top.certificate)];
  return (await verifyQuote(quote, parseCollateral(collateral), { roots, now: at })).status;
}

test('a quote is verified whatever the order of its PCK chain is', async () => {
  for (const order of orders) {
    for (const certificationType of [5, 1] as const) {
      const made = scenario({ certificationType, pckChain: reordered(order) });
      const { pck, intermediate, root: top } = made.certificates;
      const chain = pemChain(reordered(order)([pck, intermediate, top]));
      const collateral = { ...made.collateral, pck_certificate_chain: chain };
      assert.equal(await statusOf({ ...made, collateral }), 'OK', `${order.join()}, type ${certificationType}`);
    }
  }
});

test('collateral is verified whatever the order of its signing chains is', async () => {
  const turned = reordered([1, 0]);
  for (const changes of [{ tcbInfoChain: turned }, { identityChain: turned }]) {
    assert.equal(await statusOf(scenario(changes)), 'OK');
  }
});

test('the right order does not make up for a wrong signature', async () => {
  const foreign = scenario({ keys: keyRing('another vendor') }).certificates;
  for (const order of orders) {
    const pckChain: ChainChange = ([pck, intermediate]) =>
      reordered(order)([pck, intermediate, foreign.root].flatMap((der) => der ?? []));
    await assert.rejects(statusOf(scenario({ pckChain })), { code: 'EVIDENCE_REFUSED' }, order.join());
  }
});

test('a report of SEV-SNP is verified whatever the order of its authorities is', async () => {
  const { report, certificates } = makeSnpPlatform();
  const { leaf: signingKeyCertificate, ask, ark } = certificates;
  const options = { roots: [snpRoot], now };
  for (const certificateChain of [
    [ask, ark],
    [ark, ask],
  ]) {
    const endorsements = parseSnpCollateral({ signingKeyCertificate, certificateChain });
    assert.equal((await verifySnpReport(report, endorsements, options)).product, 'Milan');
  }
  for (const certificateChain of [[ark, ark], [ask, ask], [ark], [ark, ask, ask]]) {
    const endorsements = parseSnpCollateral({ signingKeyCertificate, certificateChain });
    await assert.rejects(verifySnpReport(report, endorsements, options), { code: 'EVIDENCE_REFUSED' });
  }
  const swapped = parseSnpCollateral({ signingKeyCertificate: ark, certificateChain: [ask, signingKeyCertificate] });
  await assert.rejects(verifySnpReport(report, swapped, options), { code: 'EVIDENCE_REFUSED' });
});
