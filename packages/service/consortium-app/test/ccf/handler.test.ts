import assert from 'node:assert/strict';

import { utf8 } from '@enclos/codec';
import type { ScriptEngine } from '@enclos/script';

import type { CallInput, CcfOutcome, ScriptRequest } from '../../src/index.ts';
import { engineTest, input, limits, loadModule, request } from '../kit/scripts.ts';

function handle(
  engine: ScriptEngine,
  handler: string,
  over: Partial<CallInput> = {},
  given: Partial<ScriptRequest> = {},
): CcfOutcome {
  const interpreter = loadModule(engine, `export const h = ${handler};`);
  return interpreter.handle({ module: '/app.js', name: 'h' }, request(given), input(over), limits);
}

engineTest('the body decides the content type', (engine) => {
  const view = `new Uint8Array([9, 1, 2, 9]).subarray(1, 3)`;
  for (const [answer, type, body] of [
    [`{}`, undefined, undefined],
    [`{ body: undefined }`, undefined, undefined],
    [`{ body: 'text' }`, 'text/plain', 'text'],
    [`{ body: { a: 1 } }`, 'application/json', '{"a":1}'],
    [`{ body: null }`, 'application/json', 'null'],
    [`{ body: true }`, 'application/json', 'true'],
    [`{ body: [] }`, 'application/json', '[]'],
    [`{ body: () => 1 }`, 'application/json', 'undefined'],
    [`{ body: ${view} }`, 'application/octet-stream', Uint8Array.of(1, 2)],
    [`{ body: ${view}.slice().buffer }`, 'application/octet-stream', Uint8Array.of(1, 2)],
    [`{ body: new DataView(new ArrayBuffer(1)) }`, 'application/json', '{}'],
  ] as const) {
    const { call, outcome } = handle(engine, `() => (${answer})`);
    assert.equal(outcome.kind, 'returned', JSON.stringify(outcome));
    assert.deepEqual(call.response, { status: 200, contentType: type, body, headers: {} }, answer);
  }
});

engineTest('status and headers', (engine) => {
  const { call } = handle(
    engine,
    `async () => ({ statusCode: 404, headers: { 'content-type': 'a/b', n: 1, __proto__: null, ['__proto__']: 'p' } })`,
  );
  assert.equal(call.response?.status, 404);
  assert.deepEqual(Object.entries(call.response?.headers ?? {}), [
    ['content-type', 'a/b'],
    ['n', '1'],
    ['__proto__', 'p'],
  ]);
  assert.equal(handle(engine, `() => ({ statusCode: null })`).call.response?.status, 200);
});

engineTest('what cannot be converted is named', (engine) => {
  const invalid = 'Invalid endpoint function return value ';
  for (const [answer, what] of [
    [`7`, '(not an object).'],
    [`null`, '(not an object).'],
    [`({ get body() { throw new Error('no') } })`, '(error reading body).'],
    [`({ body: { toJSON() { throw new Error('no') } } })`, '(error during JSON conversion of body).'],
    [`({ body: Symbol('s') })`, undefined],
    [`({ get headers() { throw 1 } })`, '(error reading headers).'],
    [`({ headers: new Proxy({}, { ownKeys() { throw 1 } }) })`, '(error reading header names).'],
    [`({ headers: { get a() { throw 1 } } })`, '(error reading header value).'],
    [`({ headers: { a: Symbol() } })`, '(header value type).'],
    [`({ get statusCode() { throw 1 } })`, '(error reading status code).'],
    [`({ statusCode: '200' })`, '(status code type).'],
    [`({ statusCode: 200.5 })`, '(status code type).'],
    [`({ statusCode: 2 ** 40 })`, '(status code type).'],
  ] as const) {
    const { call, outcome } = handle(engine, `() => ${answer}`);
    if (what === undefined) continue;
    assert.equal(outcome.kind, 'threw', answer);
    assert.equal(call.conversionFailure, invalid + what, answer);
    assert.equal(call.response, undefined, answer);
  }
});

engineTest('the request, its body and its caller', (engine) => {
  const handler = `(r) => ({ body: [r.method, r.body.text(), r.body.json(), r.body.arrayBuffer().byteLength,
        ccf.bufToStr(r.caller.user_cose_sign1.cose.content), r.headers['__proto__'], (() => { try { r.body.text(1) } catch (e) { return e.message } })()] })`;
  const caller = { policy: ['user_cert', 'user_cose_sign1'], user_cert: {}, user_cose_sign1: { cose: {} } };
  const { call, outcome } = handle(
    engine,
    handler,
    { requestBody: utf8('{"a":1}'), callerContent: utf8('signed') },
    { caller, headers: JSON.parse('{"__proto__":"p"}') as Record<string, string> },
  );
  assert.equal(outcome.kind, 'returned', JSON.stringify(outcome));
  assert.deepEqual(JSON.parse(String(call.response?.body)), [
    'GET',
    '{"a":1}',
    { a: 1 },
    7,
    'signed',
    'p',
    'Passed 1 arguments, but expected none',
  ]);
});

engineTest('effects of the call', (engine) => {
  const { call } = handle(
    engine,
    `() => { ccf.rpc.setApplyWrites(true); ccf.rpc.setClaimsDigest(new Uint8Array(32).fill(7).buffer); return {} }`,
  );
  assert.equal(call.applyWrites, true);
  assert.deepEqual(call.claimsDigest, new Uint8Array(32).fill(7));
});

engineTest('a missing function, an exception of the handler, an exception of the module', (engine) => {
  const missing = loadModule(engine, `export const h = 1;`).handle(
    { module: '/app.js', name: 'h' },
    request(),
    input(),
    limits,
  );
  assert.ok(missing.outcome.kind === 'threw' && missing.call.conversionFailure === undefined);
  assert.match(missing.outcome.message, /Failed to find export "h" in module "\/app\.js"/);
  const thrown = handle(engine, `() => { throw new TypeError('mine') }`);
  assert.ok(thrown.outcome.kind === 'threw');
  assert.equal(thrown.outcome.message, 'TypeError: mine');
  const module = loadModule(engine, `throw new Error('at once'); export const h = 1;`);
  const evaluated = module.handle({ module: '/app.js', name: 'h' }, request(), input(), limits);
  assert.ok(evaluated.outcome.kind === 'threw');
  assert.equal(evaluated.outcome.message, 'Error: at once');
});

engineTest('the parts of a caller are complete, and other data that looks like them is left alone', (engine) => {
  const handler = `(r) => ({ body: [r.caller, Object.keys(r), r.caller === r.caller, (r.caller = 1, r.caller)] })`;
  const alike = { cert: true, cose: { a: 1 } };
  const own = { policy: 'user_cert', id: 'ab', data: alike, cert: 'PEM' };
  const keys = ['headers', 'query', 'path', 'method', 'hostname', 'route', 'url', 'params', 'body', 'caller'];
  const answer = (caller: ScriptRequest['caller']): unknown =>
    JSON.parse(String(handle(engine, handler, {}, { caller }).call.response?.body));
  assert.deepEqual(answer(own), [own, keys, true, 1]);
  const all = { policy: ['user_cert', 'jwt'], user_cert: own, jwt: { policy: 'jwt', jwt: { payload: alike } } };
  assert.deepEqual(answer(all), [all, keys, true, 1]);
  assert.deepEqual(answer(null), [null, keys, true, 1]);
});

engineTest('a request that was kept tells nothing of the next one', (engine) => {
  const source = `let kept; export const h = (r) => { const before = kept; kept = r;
    if (before === undefined) return { body: 'first' };
    try { return { body: before.caller.id }; } catch (error) { return { body: error.message + before.path }; } };`;
  const interpreter = loadModule(engine, source);
  const call = (path: string): unknown => {
    const given = request({ path, caller: { policy: 'user_cert', id: path } });
    return interpreter.handle({ module: '/app.js', name: 'h' }, given, input(), limits).call.response?.body;
  };
  assert.equal(call('/alice'), 'first');
  assert.equal(call('/bob'), 'The request has ended./alice');
});
