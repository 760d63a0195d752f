import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { before, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { scenario } from '@enclos/evidence-kit';
import { jsonLines, temporaryFolder } from '../../cli.ts';
import { serveInference, type AskedInside, type InferenceServiceOptions } from '../../inference-service.ts';
import type { CliHere } from '../../running-cli.ts';
import { startProxy, writeInputs } from './scene.ts';

const folder = temporaryFolder();
const { at } = scenario();
const digest = '22'.repeat(32);
before(() => writeInputs(folder));

function start(...argv: readonly string[]): CliHere {
  const listen = argv.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  const all = ['proxy', '--inference', '--policy', 'policy.json', ...listen, ...argv];
  return startProxy(all, { cwd: folder, now: () => at });
}

async function serve(changes: Partial<InferenceServiceOptions> = {}): Promise<{ url: string; asked: AskedInside[] }> {
  const asked: AskedInside[] = [];
  const url = await serveInference({
    model: { name: 'digits', digest },
    answer: (one) => {
      asked.push(one);
      return { fields: { 'content-type': 'application/json' }, body: utf8('{"outputs":[]}') };
    },
    ...changes,
  });
  return { url, asked };
}

async function ask(proxy: CliHere, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const [, port = ''] = await proxy.until(/127\.0\.0\.1:(\d+)(?:"| for )/);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/v2/models/digits/infer', method: 'POST', headers };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end('{"inputs":[]}');
  });
}

describe('enclos proxy --inference', () => {
  test('attests before it listens, and gives programs what the enclave answers', async () => {
    const { url, asked } = await serve();
    const proxy = start(url);
    assert.deepEqual(await ask(proxy, { authorization: 'Bearer a' }), { status: 200, text: '{"outputs":[]}' });
    assert.match(proxy.text(), /✔ accepted: fresh evidence of sgx [0-9a-f]{64}, status OK\n[^]*✔ listening at http:/);
    assert.match(proxy.text(), /⚠ The server runs on a software platform/);
    const [{ path, fields } = assert.fail()] = asked;
    assert.deepEqual([path, fields.get('authorization')], ['/v2/models/digits/infer', 'Bearer a']);
  });

  test('prints events as lines of JSON, each answer by its receipt', async () => {
    const { url } = await serve();
    const proxy = start(url, '--json', '--model', `digits=${digest.toUpperCase()}`);
    assert.equal((await ask(proxy)).status, 200);
    proxy.stop();
    assert.equal((await proxy.ended).code, 0);
    const events = jsonLines(proxy.text());
    assert.deepEqual(
      events.map(({ event }) => event),
      ['attested', 'listening', 'answered', 'ended'],
    );
    assert.deepEqual([events[0]?.['tee'], events[1]?.['server']], ['sgx', url]);
    const { model, modelDigest, requestId } = events[2] ?? {};
    assert.deepEqual([model, modelDigest], ['digits', digest]);
    assert.match(String(requestId), /^[0-9a-f]{32}$/);
  });

  test('does not listen for an enclave that the policy does not accept', async () => {
    const { url, asked } = await serve({ changes: { report: { mrEnclave: new Uint8Array(32).fill(9) } } });
    const proxy = start(url);
    assert.equal((await proxy.ended).code, 4);
    assert.match(proxy.text(), /✖ APPRAISAL_REFUSED: [^]*next: /);
    assert.doesNotMatch(proxy.text(), /listening/);
    assert.deepEqual(asked, []);
  });

  for (const [what, changes, code] of [
    ['has no receipt', { writesReceipts: false }, 'INFERENCE_RECEIPT_MISSING'],
    ['is not sealed', { unsealedStatus: 200 }, 'INFERENCE_ANSWER_REFUSED'],
    ['another model gave', { model: { name: 'digits', digest: '33'.repeat(32) } }, 'INFERENCE_ANSWER_REFUSED'],
  ] as const) {
    test(`answers 502 for what ${what}, and prints why`, async () => {
      const { url } = await serve(changes);
      const proxy = start(url, '--model', `digits=${digest}`);
      const { status, text } = await ask(proxy);
      assert.equal(status, 502);
      assert.match(text, new RegExp(code));
      await proxy.until(new RegExp(`✖ ${code}: `));
    });
  }

  test('serves when the service cannot be reached yet, and answers 502 until then', async () => {
    const proxy = start('http://127.0.0.1:1');
    assert.match((await ask(proxy)).text, /INFERENCE_SERVICE_UNREACHABLE/);
  });

  test('refuses a page, and a wrong command line', async () => {
    const { url, asked } = await serve();
    assert.equal((await ask(start(url), { origin: 'https://page.test' })).status, 403);
    assert.deepEqual(asked, []);
    for (const [argv, said] of [
      [['models.example:8443'], /is a URL such as https:\/\/models\.example:8443/],
      [[url, '--model', 'digits=12'], /--model is NAME=DIGEST/],
      [[url, '--cached'], /--cached is for attested TLS/],
      [[url, '--listen', '0.0.0.0:0'], /ATLS_PROXY_ADDRESS/],
      [[url, '--allow-host', 'proxy.internal'], /--allow-host goes with --expose/],
    ] as const) {
      const proxy = start(...argv);
      assert.equal((await proxy.ended).code, 2, proxy.text());
      assert.match(proxy.text(), said);
    }
    const other = startProxy(['proxy', 'a.test:1', '--policy', 'policy.json', '--transport', 'session'], {
      cwd: folder,
    });
    assert.equal((await other.ended).code, 2);
    assert.match(other.text(), /--transport, --model, --minimum-catalogue and --allow-host go with --inference/);
  });
});
