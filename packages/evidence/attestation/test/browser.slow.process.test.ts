import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { refusalScenarios, scenario, statusScenarios, type ScenarioChanges } from '@enclos/evidence-kit';
import { isEnclosError } from '@enclos/errors';
import { chromium, vectors, type Session } from '@enclos/testkit';
import * as enclos from '../src/browser.ts';
import { softwareRoot, INTEL_SGX_ROOT, parseCollateral, type QuoteVerdict } from '../src/index.ts';
import { verifyQuoteSync, verifySnpReportSync } from '../src/node.ts';
import {
  browserCase,
  browserPage,
  withBigInts,
  withoutBigInts,
  type BrowserCase,
  type BrowserSnpCase,
  type BrowserResult,
} from './browser-case.ts';
import { endorsementsOf, reportOf, snpCollateralOf, snpRows } from './snp/snp-vectors.ts';
import { allRows, collateralOf, quoteOf } from './intel-vectors.ts';
import { expectation, nameOf, outcome } from './matrix-outcome.ts';

const file = readFileSync(new URL('../../dist/browser/attestation.js', import.meta.url));

type Case = BrowserCase | BrowserSnpCase;

/** Serves the page, the single file and the cases. WebCrypto is there on this machine's own addresses. */
async function serve(t: TestContext, cases: readonly Case[]): Promise<string> {
  const answers: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
    '/': ['text/html', browserPage],
    '/attestation.js': ['text/javascript', file],
    '/cases.json': ['application/json', JSON.stringify(cases)],
  };
  const server = createServer((request, response) => {
    const [type, body] = answers[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(body === '' ? 404 : 200, { 'Content-Type': type }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function verifyInBrowser(
  page: Session,
  t: TestContext,
  cases: readonly Case[],
): Promise<readonly BrowserResult[]> {
  await page.open(await serve(t, cases));
  await page.until('window.results');
  const results = (await page.evaluate('window.results')) as readonly BrowserResult[];
  assert.equal(results.length, cases.length);
  return results;
}

/** What Node says about the same case, in the same form. */
function inNode({ quote, collateral, roots, nowMs, allowTrailingBytes }: BrowserCase): BrowserResult {
  try {
    const options = { roots, now: new Date(nowMs), allowTrailingBytes };
    const verdict = verifyQuoteSync(Buffer.from(quote, 'base64'), parseCollateral(collateral), options);
    return { verdict: withoutBigInts(verdict) };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const { code, details, message } = error;
    return { error: { code, details: withoutBigInts(details), message } };
  }
}

async function syntheticCase(name: string, changes: ScenarioChanges, allowTrailingBytes = false): Promise<BrowserCase> {
  const { quote, collateral, at, root } = scenario(changes);
  const roots = [await softwareRoot(root.certificate)];
  return browserCase({ name, quote, collateral, roots, now: at, allowTrailingBytes });
}

(vectors.available ? chromium.test : vectors.test)(
  'in Chromium, each of the 204 rows of the DCAP matrix gives what Intel’s library gives',
  async (page?: Session, t?: TestContext) => {
    assert.ok(page !== undefined && t !== undefined);
    const rows = allRows();
    assert.equal(rows.length, 204);
    const roots = [INTEL_SGX_ROOT];
    const cases = rows.map((row) =>
      browserCase({
        name: nameOf(row),
        quote: quoteOf(row),
        collateral: collateralOf(row),
        roots,
        now: new Date(row.at),
        allowTrailingBytes: false,
      }),
    );
    const results = await verifyInBrowser(page, t, cases);
    for (const [index, row] of rows.entries()) {
      const result = results[index];
      assert.ok(result?.verdict !== undefined, `${nameOf(row)}: ${JSON.stringify(result)}`);
      assert.deepEqual(outcome(withBigInts(result.verdict) as QuoteVerdict), expectation(row), nameOf(row));
    }
    assert.deepEqual(results, cases.map(inNode));
  },
);

chromium.test(
  'in Chromium, every refusal is the one that it is in Node, and has its step and status',
  async (page, t) => {
    const cases = await Promise.all(refusalScenarios.map(({ name, changes }) => syntheticCase(name, changes)));
    assert.ok(cases.length > 100, String(cases.length));
    const results = await verifyInBrowser(page, t, cases);
    for (const [index, { name, status }] of refusalScenarios.entries()) {
      const { code, details } = results[index]?.error ?? {};
      assert.ok(code === 'EVIDENCE_REFUSED' || code === 'ENDORSEMENTS_INVALID', `${name}: ${String(code)}`);
      assert.equal(Reflect.get(Object(details), 'status'), status, name);
    }
    assert.deepEqual(results, cases.map(inNode));
  },
);

chromium.test(
  'in Chromium, evidence of every status and every kind of quote has the verdict of Node',
  async (page, t) => {
    const cases = await Promise.all(
      statusScenarios.map(({ name, changes, hasTrailingBytes }) => syntheticCase(name, changes, hasTrailingBytes)),
    );
    const results = await verifyInBrowser(page, t, cases);
    for (const [index, { name, expected }] of statusScenarios.entries()) {
      assert.equal(Reflect.get(Object(results[index]?.verdict), 'status'), expected.status, name);
    }
    assert.deepEqual(results, cases.map(inNode));
  },
);

(vectors.available ? chromium.test : vectors.test)(
  'in Chromium, every real SEV-SNP report has the verdict of Node, and one of another chip its refusal',
  async (page?: Session, t?: TestContext) => {
    assert.ok(page !== undefined && t !== undefined);
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    const rows = snpRows().filter(({ result }) => result === 'SIG_OK');
    assert.ok(rows.length > 5);
    const now = new Date('2025-06-01T00:00:00Z');
    const cases = rows.map((row): BrowserSnpCase => {
      const { signingKeyCertificate: leaf, certificateChain } = snpCollateralOf(row);
      return {
        snpReport: base64(reportOf(row)),
        leaf: typeof leaf === 'string' ? leaf : base64(leaf),
        chain: certificateChain.map(base64),
        nowMs: now.getTime(),
      };
    });
    const [first, second] = cases;
    assert.ok(first !== undefined && second !== undefined);
    const results = await verifyInBrowser(page, t, [...cases, { ...first, snpReport: second.snpReport }]);
    const roots = [enclos.AMD_MILAN_ROOT, enclos.AMD_GENOA_ROOT, enclos.AMD_TURIN_ROOT];
    for (const [index, row] of rows.entries()) {
      const verdict = verifySnpReportSync(reportOf(row), endorsementsOf(row), { roots, now });
      assert.deepEqual(results[index], { verdict: withoutBigInts(verdict) }, row.file);
    }
    assert.equal(results.at(-1)?.error?.code, 'EVIDENCE_REFUSED');
  },
);

chromium.test('in Chromium, the single file has every name of the package', async (page, t) => {
  await verifyInBrowser(page, t, []);
  assert.deepEqual(await page.evaluate('window.names'), Object.keys(enclos).sort());
});
