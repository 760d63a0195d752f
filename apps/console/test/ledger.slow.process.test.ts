import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { chromium, contrastProblems, vectors, type Session } from '@enclos/testkit';
import { createSiteServer } from '../src/server/site-server.ts';

/** The page of ledgers in a browser. */
class LedgerPage {
  readonly #page: Session;
  readonly #folder: string;

  private constructor(page: Session, folder: string) {
    this.#page = page;
    this.#folder = folder;
  }

  static async open(page: Session, t: TestContext): Promise<LedgerPage> {
    const server = createSiteServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const folder = mkdtempSync(join(tmpdir(), 'enclos-console-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    await page.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ledger.html`);
    await page.until("document.querySelector('#result .summary')");
    return new LedgerPage(page, folder);
  }

  file(name: string, content: Uint8Array | string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Chooses files, and waits for the answer. */
  async choose(...files: readonly string[]): Promise<string> {
    const { root } = (await this.#page.send('DOM.getDocument')) as { root: { nodeId: number } };
    const query = { nodeId: root.nodeId, selector: '#files' };
    const { nodeId } = (await this.#page.send('DOM.querySelector', query)) as { nodeId: number };
    await this.#page.evaluate("document.querySelector('#announcement').textContent = ''");
    await this.#page.send('DOM.setFileInputFiles', { nodeId, files });
    await this.#page.until("!/^(?:|Verifying)$/.test(document.querySelector('#announcement').textContent)");
    return this.text('#announcement');
  }

  async text(selector: string): Promise<string> {
    return String(await this.#page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`));
  }
}

/** A test that needs the vectors and a browser. */
function sampleTest(name: string, body: (page: Session, t: TestContext) => Promise<void>): void {
  if (vectors.available) chromium.test(name, body);
  else vectors.test(name, () => undefined);
}

const root = 'ccf/testdata';
const samples = ['acme_containing_service', 'cose_flipflop_service', 'sgx_service'];

function filesOf(page: LedgerPage, service: string, folder: string): readonly string[] {
  return vectors
    .list(`${root}/${service}/${folder}`)
    .filter((name) => /^(?:ledger|snapshot)_|_enc_privk\.pem$|^service_cert\.pem$/.test(name))
    .map((name) => page.file(name, vectors.read(`${root}/${service}/${folder}/${name}`)));
}

/** Requests to anything but the page's own files, and what its policy refused or its script said. */
function complaints(page: Session): readonly unknown[] {
  return page.events.filter(({ method, params }) => {
    if (method === 'Network.requestWillBeSent') {
      const { url } = params['request'] as { url: string };
      return !/^http:\/\/127\.0\.0\.1:\d+\/(?:ledger\.(?:html|js)|(?:page|console)\.css|icon\.svg)$/.test(url);
    }
    return ['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled'].includes(method);
  });
}

for (const service of samples) {
  sampleTest(
    `the public ledger ${service} holds in a browser, with its snapshots and private parts`,
    async (page, t) => {
      const ledger = await LedgerPage.open(page, t);
      const files = ['ledger', 'snapshots', 'common'].flatMap((folder) => filesOf(ledger, service, folder));
      assert.equal(await ledger.choose(...files), 'The ledger holds');
      const facts = await ledger.text('.facts');
      const count = { acme_containing_service: 22, cose_flipflop_service: 46, sgx_service: 153 }[service];
      assert.match(facts, new RegExp(`Transactions${count}, 2\\.1 to`));
      assert.match(facts, new RegExp(`Private parts${count} opened`));
      if (service === 'sgx_service') assert.match(facts, /Snapshots2 of 2 proved/);
      assert.match(await ledger.text('.summary'), /This proves: the service signed exactly these transactions/);
      assert.deepEqual(complaints(page), []);
    },
  );
}

sampleTest('what does not hold is shown with its place, and text of a ledger stays text', async (page, t) => {
  const ledger = await LedgerPage.open(page, t);
  const name = 'ledger_1-14.committed';
  const bytes = vectors.read(`${root}/cose_flipflop_service/ledger/${name}`);
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  assert.match(await ledger.choose(ledger.file(name, bytes)), /^The ledger does not hold: \d+ problem/);
  assert.match(await ledger.text('#result table'), /ledger_1-14\.committed, offset 8, 2\.1/);
  assert.match(await ledger.choose(ledger.file('<img src=x>.txt', 'no ledger')), /does not hold/);
  assert.match(await ledger.text('#entries'), /<img src=x>\.txt.*not recognised/);
  assert.deepEqual(await page.evaluate(contrastProblems), []);
  assert.deepEqual(complaints(page), []);
});

sampleTest('a snapshot alone waits for the certificate of its service, and is proved by it', async (page, t) => {
  const ledger = await LedgerPage.open(page, t);
  const name = 'snapshot_138_139.committed';
  const snapshot = ledger.file(name, vectors.read(`${root}/sgx_service/snapshots/${name}`));
  assert.equal(await ledger.choose(snapshot), 'Not verified yet');
  const [certificate = ''] = filesOf(ledger, 'sgx_service', 'common').filter((path) =>
    path.endsWith('service_cert.pem'),
  );
  assert.equal(await ledger.choose(certificate), 'The snapshot holds');
  assert.match(await ledger.text('.facts'), /Transaction8\.139/);
});

chromium.test('a receipt that is none is refused with what to do', async (page, t) => {
  const ledger = await LedgerPage.open(page, t);
  assert.equal(await ledger.choose(ledger.file('receipt.json', '{"proof":[]}')), 'Not verified yet');
  assert.match(
    await ledger.choose(ledger.file('cert.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')),
    /Not proved/,
  );
});
