import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { utf8 } from '@enclos/codec';
import { singletonKey } from '../src/bundle/rows.ts';

import { bundle, LittleApp, textOf, user } from './kit/little-app.ts';
import { engines } from './kit/scripts.ts';

const source = `
const records = ccf.kv['records'];
const key = (request) => ccf.strToBuf(request.params.key);
export function put(request) {
  records.set(key(request), request.body.arrayBuffer());
  return { statusCode: 204 };
}
export function get(request) {
  const value = records.get(key(request));
  return value === undefined ? { statusCode: 404, body: { error: { code: 'KeyNotFound' } } } : { body: value };
}
export function echo(request) {
  const { body, ...rest } = request;
  return { body: { ...rest, text: body.text() } };
}
export function fails() { records.set(ccf.strToBuf('x'), ccf.strToBuf('x')); throw new Error('on purpose'); }
export function refuses(request) {
  records.set(ccf.strToBuf('kept'), ccf.strToBuf('1'));
  if (request.query === 'apply') ccf.rpc.setApplyWrites(true);
  return { statusCode: 400, body: 'no' };
}
export function forever() { for (;;); }
export function deep() { return 1 + deep(); }
export function wide() { return { body: new Uint8Array(5e6).length }; }
export function returns(request) { return ({
  number: () => 1, status: () => ({ statusCode: 'x' }), far: () => ({ statusCode: 99 }), cycle: () => { const a = {}; a.a = a; return { body: a }; },
  header: () => ({ headers: { 'x-a': 'a\\r\\nset-cookie: b' } }), name: () => ({ headers: { 'x a': 'b' } }), getter: () => ({ get body() { throw new Error('boo'); } }),
})[request.query](); }
export function kinds(request) { return ({
  text: { body: 'täxt' }, bytes: { body: new Uint8Array([1, 2, 3]).subarray(1) }, buffer: { body: new ArrayBuffer(2) }, none: {}, nothing: { body: null },
  own: { body: '<p>', headers: { 'Content-Type': 'text/html', 'Content-Length': '1', 'X-Mine': 'é' }, statusCode: 201 },
})[request.query]; }
let count = 0;
export function counts() { count += 1; globalThis.leak = (globalThis.leak ?? 0) + 1; return { body: [count, globalThis.leak] }; }
export function past() { const { transactionId, kv } = ccf.historicalState; const value = kv['records'].get(ccf.strToBuf('a'));
  return { body: { transactionId, value: value === undefined ? null : ccf.bufToStr(value) } }; }
`;
const app = bundle(source, {
  'PUT /records/{key} put': {},
  'GET /records/{key} get': { mode: 'readonly' },
  'POST /echo/{a}/{b} echo': { policies: ['user_cert', 'no_auth'] },
  'POST /fails fails': {},
  'POST /refuses refuses': {},
  'GET /forever forever': {},
  'GET /deep deep': {},
  'GET /wide wide': {},
  'GET /returns returns': {},
  'GET /kinds kinds': {},
  'GET /fresh counts': {},
  'GET /reused counts': { more: { interpreter_reuse: { key: 'k' } } },
  'GET /reused/ro counts': { mode: 'readonly', more: { interpreter_reuse: { key: 'k' } } },
  'GET /a/{x} echo': {},
  'GET /{y}/b echo': {},
  'GET /past past': { mode: 'historical' },
});

for (const engine of engines) {
  describe(`an application on ${engine.name}`, () => {
    const service = new LittleApp(engine, app);
    after(() => service.stages.close());

    it('writes and reads, with identifiers of transactions', async () => {
      const put = await service.ask('PUT /app/records/a', { body: 'one' });
      assert.deepEqual([put.status, put.headers.get('x-ms-ccf-transaction-id')], [204, `2.${service.node.last}`]);
      const got = await service.ask('GET /records/a');
      assert.deepEqual([got.status, textOf(got)], [200, 'one']);
      assert.equal(got.headers.get('content-type'), 'application/octet-stream');
      assert.equal(got.headers.get('x-ms-ccf-transaction-id'), `2.${service.node.last}`);
      const missing = await service.ask('GET /records/c');
      assert.deepEqual([missing.status, missing.headers.get('x-ms-ccf-transaction-id')], [404, undefined]);
    });

    it('gets the request as CCF gives it', async () => {
      const headers = { host: 'h.example:1', 'x-a': 'b' };
      const [, seen] = await service.json('POST /app/echo/1%2F/2', { query: 'q=1&q=2', headers, body: 'hi', as: user });
      const { caller, ...rest } = seen as { caller: Record<string, unknown> };
      assert.deepEqual(rest, {
        headers,
        query: 'q=1&q=2',
        path: '/app/echo/1%2F/2',
        method: 'POST',
        hostname: 'h.example:1',
        route: '/app/echo/{a}/{b}',
        url: '/app/echo/1%2F/2?q=1&q=2',
        params: { a: '1%2F', b: '2' },
        text: 'hi',
      });
      assert.deepEqual(caller['data'], { admin: true });
      const [, plain] = await service.json('POST /echo/1/2');
      assert.deepEqual(plain, {
        headers: {},
        query: '',
        path: '/echo/1/2',
        method: 'POST',
        hostname: null,
        route: '/app/echo/{a}/{b}',
        url: '/echo/1/2',
        params: { a: '1', b: '2' },
        caller: { policy: 'no_auth' },
        text: '',
      });
    });

    it('answers with the content type of what it returned', async () => {
      const kinds = await Promise.all(
        ['text', 'bytes', 'buffer', 'none', 'nothing', 'own'].map((query) => service.ask('GET /kinds', { query })),
      );
      assert.deepEqual(
        kinds.map(({ status, headers, body }) => [status, headers.get('content-type'), body.length]),
        [
          [200, 'text/plain', 5],
          [200, 'application/octet-stream', 2],
          [200, 'application/octet-stream', 2],
          [200, undefined, 0],
          [200, 'application/json', 4],
          [201, 'text/html', 3],
        ],
      );
      assert.equal(kinds[5]?.headers.get('x-mine'), 'é');
      assert.equal(kinds[5]?.headers.has('content-length'), false);
    });

    const wrong: readonly (readonly [string, string])[] = [
      ['number', 'not an object'],
      ['status', 'status code type'],
      ['far', 'status code type'],
      ['cycle', 'error during JSON conversion of body'],
      ['header', 'header value type'],
      ['name', 'header type'],
      ['getter', 'error reading body'],
    ];
    for (const [query, what] of wrong) {
      it(`answers 500 for an answer with ${what} (${query})`, async () => {
        const message = `Invalid endpoint function return value (${what}).`;
        assert.deepEqual(await service.json('GET /returns', { query }), [
          500,
          { error: { code: 'InternalError', message } },
        ]);
      });
    }

    it('keeps writes of success only, unless it says otherwise', async () => {
      const exception = { error: { code: 'InternalError', message: 'Exception thrown while executing.' } };
      assert.deepEqual(await service.json('POST /fails'), [500, exception]);
      assert.equal((await service.ask('GET /records/x')).status, 404);
      assert.equal((await service.ask('POST /refuses')).status, 400);
      assert.equal((await service.ask('GET /records/kept')).status, 404);
      const applied = await service.ask('POST /refuses', { query: 'apply' });
      assert.deepEqual([applied.status, applied.headers.has('x-ms-ccf-transaction-id')], [400, true]);
      assert.equal((await service.ask('GET /records/kept')).status, 200);
    });

    it('answers for paths and methods that it has not', async () => {
      const error = (code: string, message: string): unknown => ({ error: { code, message } });
      assert.deepEqual(await service.json('GET /app/nosuch'), [
        404,
        error('ResourceNotFound', 'Unknown path: /nosuch.'),
      ]);
      const wrongMethod = await service.ask('DELETE /app/records/a');
      assert.equal(wrongMethod.headers.get('allow'), 'OPTIONS, GET, PUT');
      assert.deepEqual(
        [wrongMethod.status, JSON.parse(textOf(wrongMethod))],
        [405, error('UnsupportedHttpVerb', "Allowed methods for '/records/a' are: OPTIONS, GET, PUT.")],
      );
      const options = await service.ask('OPTIONS /records/a');
      assert.deepEqual(
        [options.status, options.headers.get('allow'), options.body.length],
        [204, 'OPTIONS, GET, PUT', 0],
      );
      const message = 'Multiple potential matches for path: /a/b\n  /a/{x}\n  /{y}/b';
      const [status, body] = await service.json('GET /a/b');
      assert.equal(status, 500);
      assert.deepEqual(
        new Set((body as { error: { message: string } }).error.message.split('\n')),
        new Set(message.split('\n')),
      );
    });

    it('has a new interpreter for each request, or one by key and access', async () => {
      const seen = [];
      for (const path of ['/fresh', '/fresh', '/reused', '/reused', '/reused/ro']) {
        seen.push((await service.json(`GET ${path}`))[1]);
      }
      assert.deepEqual(seen, [
        [1, 1],
        [1, 1],
        [1, 1],
        [2, 2],
        [1, 1],
      ]);
      service.stages.transact((transaction) =>
        transaction.map('public:ccf.gov.interpreter.flush').set(singletonKey, utf8('true')),
      );
      assert.deepEqual((await service.json('GET /reused'))[1], [1, 1]);
    });

    it('gives states of the past with receipts, when they are committed', async () => {
      const put = await service.ask('PUT /records/a', { body: 'then' });
      const id = put.headers.get('x-ms-ccf-transaction-id') ?? '';
      const headers = { 'x-ms-ccf-transaction-id': id };
      const pending = `Only committed transactions can be queried. Transaction ${id} is Pending`;
      const early = await service.ask('GET /past', { headers });
      assert.deepEqual([early.status, early.headers.get('cache-control')], [404, 'no-cache']);
      assert.deepEqual(JSON.parse(textOf(early)), { error: { code: 'TransactionPendingOrUnknown', message: pending } });
      service.stages.sign();
      assert.deepEqual(await service.json('GET /past', { headers }), [200, { transactionId: id, value: 'then' }]);
      const none = { error: { code: 'TransactionInvalid', message: 'Could not extract Transaction Id' } };
      assert.deepEqual(await service.json('GET /past'), [404, none]);
      assert.deepEqual(await service.json('GET /past', { headers: { 'x-ms-ccf-transaction-id': 'x' } }), [404, none]);
    });

    it('tells what it knows in JSON, to clients that take that', async () => {
      const ask = async (accept: string, path = '/app/commit'): Promise<string> => {
        const [status, body] = await service.json(`GET ${path}`, { headers: { accept } });
        return status === 200 ? '200' : `${status} ${(body as { error: { code: string } }).error.code}`;
      };
      for (const accept of ['*/*', 'application/*', 'text/html;q=0.9, */*;q=0.1', 'application/json;q=0.1,a/b']) {
        assert.equal(await ask(accept), '200', accept);
      }
      for (const accept of ['', 'text/html', 'application/xml;q=0.9', 'image/jpeg;video/mpeg;q=0.8', 'a/json']) {
        assert.equal(await ask(accept), '406 UnsupportedContentType', accept);
      }
      for (const accept of ['nonsense', '/json', 'a/', 'application/json;q=high', '*/*,']) {
        assert.equal(await ask(accept), '400 InvalidHeaderValue', accept);
      }
      assert.equal(await ask('text/html', '/app/tx'), '400 InvalidQueryParameterValue', 'an error comes first');
      assert.equal(await ask('text/html', '/app/api'), '200', 'as CCF answers it');
      assert.equal((await service.ask('GET /kinds', { query: 'text', headers: { accept: 'a/b' } })).status, 200);
    });

    it('tells what the service knows of transactions', async () => {
      const { last } = service.node;
      assert.deepEqual(await service.json('GET /app/commit', { query: 'view_history=true' }), [
        200,
        { transaction_id: `2.${service.node.lastCommitted().seqno}`, view_history: ['1.1', '2.1'] },
      ]);
      const statusOf = async (id: string): Promise<unknown> =>
        (await service.json('GET /app/tx', { query: `transaction_id=${id}` }))[1];
      assert.deepEqual(await statusOf('2.1'), { status: 'Committed', transaction_id: '2.1' });
      assert.deepEqual(await statusOf('1.1'), { status: 'Invalid', transaction_id: '1.1' });
      assert.deepEqual(await statusOf(`2.${last + 9}`), { status: 'Unknown', transaction_id: `2.${last + 9}` });
      assert.equal((await service.json('GET /app/tx'))[0], 400);
      assert.deepEqual(await statusOf(`1.${last + 9}`), { status: 'Invalid', transaction_id: `1.${last + 9}` });
      assert.deepEqual(await statusOf('9.1'), { status: 'Invalid', transaction_id: '9.1' });
      for (const id of ['2', '0.1', '2.0', '-2.1', 'a.b', '2.1 ']) {
        assert.equal((await service.json('GET /app/tx', { query: `transaction_id=${id}` }))[0], 400, id);
      }
    });
  });
}

/** A service whose limits are these, beside the usual ones. */
function limited(engine: (typeof engines)[number], limits: object): LittleApp {
  const options = { max_heap_bytes: 1e8, max_stack_bytes: 1e6, max_execution_time_ms: 5000, ...limits };
  return new LittleApp(engine, app, {
    before: (transaction) =>
      transaction.map('public:ccf.gov.js_runtime_options').set(singletonKey, utf8(JSON.stringify(options))),
  });
}

describe('an application that fails', () => {
  for (const engine of engines) {
    it(`gives a trace of its own lines on ${engine.name}, as QuickJS of CCF has it`, async () => {
      const service = limited(engine, { return_exception_details: true });
      const [, failed] = await service.json('POST /fails');
      const { details } = (failed as { error: { details: { message: string; trace: string }[] } }).error;
      const line = source.split('\n').findIndex((text) => text.includes('on purpose')) + 1;
      const expected = { code: 'JSException', message: 'Error: on purpose', trace: `    at fails (/app.js:${line})\n` };
      assert.deepEqual(details, [expected]);
      service.stages.close();
    });

    it(`says in the words of QuickJS what it ran out of on ${engine.name}`, async () => {
      const service = limited(engine, { return_exception_details: true, max_heap_bytes: 3e6, max_stack_bytes: 1e5 });
      const reason = async (path: string): Promise<unknown> => {
        const [, { error }] = (await service.json(path)) as [number, { error: { details: { message: string }[] } }];
        return error.details[0]?.message;
      };
      assert.equal(await reason('GET /deep'), 'InternalError: stack overflow');
      // The heap of V8 is that of the process.
      if (engine.name === 'quickjs') assert.equal(await reason('GET /wide'), 'InternalError: out of memory');
      service.stages.close();
    });

    it(`is loaded on ${engine.name} whatever the limits of its requests are`, async () => {
      const service = limited(engine, { max_execution_time_ms: 0 });
      const message = 'Operation took too long to complete.';
      assert.deepEqual(await service.json('GET /forever'), [500, { error: { code: 'InternalError', message } }]);
      service.stages.close();
    });
  }
});

describe('an application that runs for too long', () => {
  for (const engine of engines) {
    it(`is stopped on ${engine.name}`, async () => {
      const service = limited(engine, { max_execution_time_ms: 50 });
      const message = 'Operation took too long to complete.';
      assert.deepEqual(await service.json('GET /forever'), [500, { error: { code: 'InternalError', message } }]);
      assert.equal((await service.ask('PUT /records/a', { body: 'one' })).status, 204);
      service.stages.close();
    });
  }
});
