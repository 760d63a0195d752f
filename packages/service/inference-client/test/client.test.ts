import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensorOf, valuesOf } from '@enclos/open-inference';
import {
  createInferenceClient,
  type AnswerReceipt,
  type InferenceClient,
  type InferenceClientOptions,
  type OuterFetch,
} from '../src/index.ts';
import {
  appraiseTestReport,
  manifestDigest,
  measurement,
  modelDigest,
  openService,
  serviceUrl,
  type TestService,
} from './service.ts';

type Changes = Partial<InferenceClientOptions>;

const clientOf = (service: TestService, changes: Changes = {}): InferenceClient =>
  createInferenceClient({
    url: serviceUrl,
    appraise: appraiseTestReport,
    fetch: service.fetch,
    nowMs: () => service.nowMs,
    ...changes,
  });

async function add(client: InferenceClient, values: readonly number[]): Promise<readonly number[]> {
  const inputs = [tensorOf('in', 'FP32', new Float32Array(values), [values.length])];
  const { outputs } = await client.infer({ model: 'adder', inputs });
  return outputs.flatMap((output) => [...valuesOf(output, 'FP32')]);
}

const chat = async (client: InferenceClient): Promise<string> => {
  const body = JSON.stringify({ model: 'adder', messages: [], stream: true });
  const response = await client.fetch(`${serviceUrl}/v1/chat/completions`, { method: 'POST', body });
  return response.text();
};
const events = 'data: one\n\ndata: two\n\ndata: three\n\ndata: [DONE]\n\n';
const reports = ({ seen }: TestService): number => seen.filter((line) => line.endsWith('/report')).length;

for (const transport of ['one-shot', 'session'] as const) {
  test(`${transport}: tensors and events cross, each with its receipt`, async () => {
    const service = await openService();
    const receipts: AnswerReceipt[] = [];
    const client = clientOf(service, {
      transport,
      receipts: 'require',
      models: { adder: modelDigest },
      onReceipt: (receipt) => receipts.push(receipt),
    });
    assert.deepEqual(await add(client, [1, 2]), [2, 3]);
    assert.equal(await chat(client), events);
    assert.deepEqual(
      (await client.models()).map(({ name }) => name),
      ['adder'],
    );
    assert.deepEqual(
      receipts.map(({ claims }) => [claims.measurement, claims.sequence]),
      [0, 1, 2].map((sequence) => [measurement, sequence]),
    );
    assert.equal(reports(service), 1);
    assert.equal(service.seen[0], 'GET /v1/attestation/report', 'the service is attested first');
  });

  test(`${transport}: the host sees nothing of path, headers and body, and few lengths`, async () => {
    const service = await openService();
    const client = clientOf(service, { transport });
    await add(client, [1]);
    for (const length of [1, 50, 100]) {
      const body = 'secret-words'.padEnd(length, '.');
      const headers = { authorization: 'Bearer secret-token' };
      await client.fetch(`${serviceUrl}/v1/secret-path?a=b`, { method: 'POST', headers, body });
    }
    const { path, fields } = service.opened[1] ?? assert.fail();
    assert.deepEqual([path, fields.get('authorization')], ['/v1/secret-path?a=b', 'Bearer secret-token']);
    assert.ok(service.outside.every((bytes) => !Buffer.from(bytes).includes('secret')));
    const lengths = new Set(
      service.outside
        .filter((_, at) => at % 2 === 1)
        .slice(-3)
        .map(({ length }) => length),
    );
    assert.equal(lengths.size, 1);
  });

  test(`${transport}: a restarted enclave is attested again, and the request is sent once more`, async () => {
    const service = await openService();
    const client = clientOf(service, { transport });
    await add(client, [1]);
    for (const [times, isIdTheSame] of [false, true].entries()) {
      await service.restart(isIdTheSame);
      assert.deepEqual(await add(client, [5]), [6]);
      assert.equal(reports(service), times + 2);
    }
  });

  test(`${transport}: a key set that ends is attested again before a request is sealed to it`, async () => {
    const service = await openService();
    const client = clientOf(service, { transport, maximumAgeMs: 1e12 });
    await add(client, [1]);
    service.nowMs += 24 * 3_600_000;
    await service.keys.refresh(service.nowMs);
    assert.deepEqual(await add(client, [2]), [3]);
    assert.deepEqual([reports(service), service.opened.length], [2, 2]);
  });

  test(`${transport}: without good evidence nothing is sent, also after it was good`, async () => {
    const service = await openService();
    let isGood = false;
    const client = clientOf(service, {
      transport,
      appraise: async (presented) => {
        if (!isGood) throw new Error('The policy does not accept it.');
        return appraiseTestReport(presented);
      },
    });
    await assert.rejects(add(client, [1]), /policy/);
    assert.deepEqual(service.seen, ['GET /v1/attestation/report']);
    isGood = true;
    await add(client, [1]);
    isGood = false;
    await service.restart();
    const sent = service.opened.length;
    await assert.rejects(add(client, [1]), /policy/);
    await assert.rejects(add(client, [1]), /policy/);
    assert.equal(service.opened.length, sent);
  });
}

test('an appraiser that forgets the report data is not enough', async () => {
  const service = await openService();
  const forgetful = async (): ReturnType<typeof appraiseTestReport> => ({
    tee: 'sgx',
    measurement,
    reportData: '00'.repeat(64),
  });
  await assert.rejects(add(clientOf(service, { appraise: forgetful }), [1]), { code: 'INFERENCE_NOT_ATTESTED' });
});

test('a report that was kept is not about the nonce', async () => {
  const service = await openService();
  let kept: string | undefined;
  const hostile: Changes['fetch'] = async (url, init) => {
    if (!url.includes('/report')) return service.fetch(url, init);
    kept ??= await (await service.fetch(url, init)).text();
    return new Response(kept);
  };
  await clientOf(service, { fetch: hostile }).attest();
  await assert.rejects(clientOf(service, { fetch: hostile }).attest(), { code: 'INFERENCE_NOT_ATTESTED' });
});

test('keys of the host in a genuine report are refused', async () => {
  const [service, host] = [await openService(), await openService()];
  const hostile: Changes['fetch'] = async (url, init) => {
    const answer = await service.fetch(url, init);
    if (!url.includes('/report')) return answer;
    const { keySet } = (await (await host.fetch(url, init)).json()) as { readonly keySet: string };
    return Response.json({ ...((await answer.json()) as object), keySet });
  };
  await assert.rejects(clientOf(service, { fetch: hostile }).attest(), /about something else/);
});

test('another manifest of models is refused', async () => {
  const service = await openService();
  await clientOf(service, { modelManifestDigest: manifestDigest }).attest();
  const other = clientOf(service, { modelManifestDigest: '08'.repeat(32) });
  await assert.rejects(other.attest(), { code: 'INFERENCE_NOT_ATTESTED' });
});

test('a list of models that the evidence does not vouch for is refused, and an older catalogue than is accepted', async () => {
  const service = await openService();
  await clientOf(service, { minimumCatalogueVersion: 3 }).attest();
  await assert.rejects(clientOf(service, { minimumCatalogueVersion: 4 }).attest(), { code: 'INFERENCE_NOT_ATTESTED' });
  const [listed] = service.listed;
  assert.ok(listed !== undefined);
  const changes: readonly Partial<typeof service>[] = [
    { listed: [] },
    { listed: [{ ...listed, digest: '33'.repeat(32) }] },
    { listed: [{ ...listed, version: '2' }] },
    { catalogueVersion: 4 },
  ];
  for (const change of changes) {
    const changed = Object.assign(await openService(), change);
    await assert.rejects(clientOf(changed).attest(), /lists other models/);
  }
});

test('a host that always says that the key is stale brings about one attempt more, and an error', async () => {
  const service = await openService();
  let posts = 0;
  const hostile: Changes['fetch'] = async (url, init) => {
    if (init.method === 'GET') return service.fetch(url, init);
    posts++;
    return new Response('', { status: 422 });
  };
  await assert.rejects(add(clientOf(service, { fetch: hostile }), [1]), { code: 'HPKE_KEY_STALE' });
  assert.deepEqual([posts, reports(service)], [2, 2]);
});

test('a session that the service forgot is opened again', async () => {
  const service = await openService();
  const client = clientOf(service, { transport: 'session' });
  await add(client, [1]);
  service.forgetSessions();
  assert.deepEqual(await add(client, [2]), [3]);
  assert.equal(reports(service), 1);
});

test('a refusal inside the seal is an error that says whether to try again', async () => {
  const service = await openService();
  for (const [status, code] of [
    [400, 'INFERENCE_CALL_REFUSED'],
    [404, 'INFERENCE_CALL_REFUSED'],
    [429, 'INFERENCE_SERVICE_BUSY'],
    [503, 'INFERENCE_SERVICE_BUSY'],
    [504, 'INFERENCE_SERVICE_BUSY'],
  ] as const) {
    service.status = status;
    await assert.rejects(add(clientOf(service), [1]), { code, details: { status } });
    await assert.rejects(clientOf(service).models(), { code });
  }
  assert.equal(service.opened.length, 10, 'none is sent twice');
});

test('what stands between client and service may say that it is to be tried again', async () => {
  const service = await openService();
  for (const status of [421, 429, 502, 503]) {
    let posts = 0;
    const hostile: Changes['fetch'] = async (url, init) => {
      if (init.method === 'GET') return service.fetch(url, init);
      posts++;
      return new Response('', { status });
    };
    const asked = add(clientOf(service, { fetch: hostile }), [1]);
    await assert.rejects(asked, { code: 'INFERENCE_SERVICE_UNREACHABLE', kind: 'transient', details: { status } });
    assert.equal(posts, 1);
  }
});

test('an answer that is not sealed is never given out', async () => {
  const service = await openService();
  for (const [status, code] of [
    [200, 'INFERENCE_ANSWER_REFUSED'],
    [302, 'INFERENCE_ANSWER_REFUSED'],
    [400, 'HPKE_OPEN_FAILED'],
    [404, 'INFERENCE_ANSWER_REFUSED'],
  ] as const) {
    const hostile: Changes['fetch'] = async (url, init) =>
      init.method === 'GET' ? service.fetch(url, init) : new Response('{"outputs":[]}', { status });
    const asked = clientOf(service, { fetch: hostile }).fetch(`${serviceUrl}/v1/models`, { method: 'GET' });
    await assert.rejects(asked, { code }, String(status));
  }
});

test('a request for another server is not sent', async () => {
  const service = await openService();
  for (const url of [
    'https://other.test/v1/models',
    'https://models.test:444/v1/models',
    'http://models.test/v1/models',
  ]) {
    await assert.rejects(clientOf(service).fetch(url), { code: 'INFERENCE_CLIENT_MISUSED' }, url);
  }
  assert.deepEqual(service.opened, []);
  const below = createInferenceClient({ url: `${serviceUrl}/a/`, appraise: appraiseTestReport, fetch: service.fetch });
  await assert.rejects(below.fetch(`${serviceUrl}/b`), { code: 'INFERENCE_CLIENT_MISUSED' });
});

test('models: another name is not asked for, and another digest is not accepted', async () => {
  const service = await openService();
  const client = clientOf(service, { models: { adder: modelDigest } });
  const inputs = [tensorOf('in', 'FP32', new Float32Array(1), [1])];
  await assert.rejects(client.infer({ model: 'other', inputs }), { code: 'INFERENCE_CLIENT_MISUSED' });
  await add(client, [1]);
  service.servedDigest = '33'.repeat(32);
  await assert.rejects(add(client, [1]), { code: 'INFERENCE_ANSWER_REFUSED' });
  assert.deepEqual(await add(clientOf(service), [1]), [2], 'a client that names no digest takes any model');
  service.modelName = 'other';
  await assert.rejects(add(clientOf(service), [1]), { code: 'INFERENCE_ANSWER_REFUSED' });
});

test('receipts: required ones must be there, of whole answers and of streams', async () => {
  const service = await openService();
  service.writesReceipts = false;
  assert.equal(await chat(clientOf(service)), events);
  const strict = clientOf(service, { receipts: 'require' });
  await assert.rejects(add(strict, [1]), { code: 'INFERENCE_RECEIPT_MISSING' });
  await assert.rejects(chat(strict), { code: 'INFERENCE_RECEIPT_MISSING' });
});

test('receipts: one of another enclave is refused', async () => {
  const service = await openService();
  const appraise: Changes['appraise'] = async (presented) => ({
    ...(await appraiseTestReport(presented)),
    measurement: '99'.repeat(32),
  });
  await assert.rejects(add(clientOf(service, { appraise }), [1]), { code: 'RECEIPT_MISMATCH' });
  await assert.rejects(chat(clientOf(service, { appraise })), { code: 'RECEIPT_MISMATCH' });
});

test('receipts: one that names the next key set is accepted after an attestation', async () => {
  const service = await openService();
  const client = clientOf(service, { receipts: 'require', maximumAgeMs: 1e12 });
  await add(client, [1]);
  service.nowMs += 23.5 * 3_600_000;
  assert.equal(await service.keys.refresh(service.nowMs), true);
  assert.deepEqual(await add(client, [1]), [2]);
  assert.equal(reports(service), 2);
});

test('bounds: a request and an answer beyond theirs are refused', async () => {
  const service = await openService();
  const small = clientOf(service, { maxRequestBytes: 10 });
  const body = 'eleven byte';
  await assert.rejects(small.fetch(`${serviceUrl}/v1/x`, { method: 'POST', body }), {
    code: 'INFERENCE_CLIENT_MISUSED',
  });
  await assert.rejects(chat(clientOf(service, { maxAnswerBytes: 20 })), { code: 'OHTTP_MESSAGE_INVALID' });
});

test('a host that delays the report or the opening of a session is unreachable, by its name', async (t) => {
  // As an open connection does: the timer of a signal keeps no process.
  const connection = setInterval(() => undefined, 60_000);
  t.after(() => clearInterval(connection));
  for (const delayed of ['/v1/attestation/report', '/v1/session']) {
    const service = await openService();
    const fetch: OuterFetch = (url, init) =>
      new URL(url).pathname === delayed
        ? new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)))
        : service.fetch(url, init);
    const client = createInferenceClient({
      url: serviceUrl,
      transport: 'session',
      appraise: appraiseTestReport,
      fetch,
      nowMs: () => service.nowMs,
      timeoutMs: 500,
    });
    await assert.rejects(client.fetch(`${serviceUrl}/v1/chat/completions`, { method: 'POST', body: '{}' }), {
      code: 'INFERENCE_SERVICE_UNREACHABLE',
    });
  }
});

test('a closed client sends nothing', async () => {
  const service = await openService();
  const client = clientOf(service);
  client.close();
  await assert.rejects(add(client, [1]), { code: 'INFERENCE_CLIENT_MISUSED' });
  assert.deepEqual(service.seen, []);
});

test('a signal that aborts ends the request, and the client goes on', async () => {
  const service = await openService();
  const stop = new AbortController();
  const fetch: Changes['fetch'] = async (url, init) => {
    if (init.method !== 'POST' || stop.signal.aborted) return service.fetch(url, init);
    stop.abort();
    init.signal?.throwIfAborted();
    return service.fetch(url, init);
  };
  const client = clientOf(service, { fetch });
  await assert.rejects(client.fetch(`${serviceUrl}/v1/x`, { signal: stop.signal, method: 'POST' }), {
    name: 'AbortError',
  });
  assert.deepEqual(await add(client, [1]), [2]);
});
