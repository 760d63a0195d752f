import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { KvStore } from '@enclos/kv';
import { bundleOf, checkApp, makeServiceIdentity, Sandbox, type AppBundle, type AppRequest } from '../src/index.ts';
import { textOf } from './kit/little-app.ts';
import { engines, noServices } from './kit/scripts.ts';

const limits = { maxHeapBytes: 32 << 20, maxStackBytes: 1 << 20, maxExecutionMs: 500 };

/** Endpoints are `METHOD module function mode`. */
function appOf(endpoints: readonly string[], modules: Readonly<Record<string, string>>): AppBundle {
  const paths = endpoints.map((line, at) => {
    const [verb = '', js_module, js_function, mode] = line.split(' ');
    const endpoint = { js_module, js_function, authn_policies: ['no_auth'], forwarding_required: 'never', mode };
    return [`/${at}`, { [verb.toLowerCase()]: endpoint }] as const;
  });
  const metadata = utf8(JSON.stringify({ endpoints: Object.fromEntries(paths) }));
  return bundleOf(
    metadata,
    Object.entries(modules).map(([name, source]) => ({ name, source })),
  );
}

const get = 'export function get() { return { body: 1 }; }';
const broken: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, ErrorCode, RegExp])[] = [
  [
    'a syntax error',
    ['GET a.js get readonly'],
    { 'a.js': `${get}\nexport const x = ;` },
    'SCRIPT_INVALID',
    /\/a\.js:2:\d+/,
  ],
  [
    'a syntax error in a module of no endpoint',
    ['GET a.js get readonly'],
    { 'a.js': get, 'b.js': '\n(' },
    'SCRIPT_INVALID',
    /\/b\.js:2:\d+/,
  ],
  [
    'an import of what is not exported',
    ['GET a.js get readonly'],
    { 'a.js': `import { none } from './b.js';\n${get}`, 'b.js': 'export const some = 1;' },
    'SCRIPT_INVALID',
    /\/a\.js.*none/,
  ],
  [
    'a function that is not exported',
    ['GET a.js gett readonly', 'PUT a.js put readwrite'],
    { 'a.js': `${get}\nexport const notOne = 1;\nexport const post = () => ({});` },
    'APP_INVALID',
    /\n {2}PUT \/1: a\.js exports no function "put"\. Its functions: get, post\.\n {2}GET \/0: a\.js exports no function "gett"/,
  ],
  [
    'an exception while a module loads',
    ['GET a.js get readonly'],
    { 'a.js': `import './b.js';\n${get}`, 'b.js': 'function fails() {\n  throw new TypeError("no");\n}\n\nfails();' },
    'APP_INVALID',
    /\n {2}\/b\.js:2:\d+: TypeError: no\n\s+at fails \(\/b\.js:2:\d+\)\n\s+at .*\/b\.js:5:\d+/,
  ],
  [
    'a module that writes while it loads, where the endpoint only reads',
    ['PUT a.js get readwrite', 'GET a.js get readonly'],
    { 'a.js': `ccf.kv.t.set(new ArrayBuffer(1), new ArrayBuffer(1));\n${get}` },
    'APP_INVALID',
    /\/a\.js:1:\d+: .*read-only/,
  ],
  [
    'a module that never loads',
    ['GET a.js get readonly'],
    { 'a.js': 'for (;;) {}' },
    'APP_INVALID',
    /a\.js: took longer to load than 500 ms/,
  ],
];

for (const engine of engines) {
  describe(`the check of an application on ${engine.name}`, () => {
    const store = new KvStore();
    const check = (app: AppBundle): void => {
      const transaction = store.begin();
      try {
        checkApp(app, { foundation: { ...noServices, engine }, limits, transaction });
      } finally {
        store.discard(transaction);
      }
    };

    for (const [what, endpoints, modules, code, expected] of broken) {
      it(`refuses ${what}`, () => {
        const app = appOf(endpoints, modules);
        assert.throws(
          () => check(app),
          (error) => {
            assert.ok(isEnclosError(error, code), String(error));
            assert.match(error.message, expected);
            return true;
          },
        );
      });
    }

    it('accepts what loads, whatever modules of no endpoint would do', () => {
      check(appOf(['GET a.js get readonly'], { 'a.js': get, 'unused.js': 'throw new Error("never evaluated");' }));
      check(
        appOf(['PUT a.js get readwrite'], { 'a.js': `ccf.kv.t.set(new ArrayBuffer(1), new ArrayBuffer(1));\n${get}` }),
      );
      check(appOf([], { 'a.js': get }));
      assert.equal(store.version, 0);
    });

    // Looked for within words, the place of a frame took minutes at this length: the time grew with its square.
    it('reads traces with very long names, and shows a part of them', () => {
      const long = `['n'.repeat(400_000)]`;
      const calls = `const o = { ${long}() { throw new Error('m'.repeat(400_000)); } };\nfor (const name in o) o[name]();\n${get}`;
      const names = `const f = () => 1;\nexport { ${Array.from({ length: 20 }, (_, at) => `f as ${'n'.repeat(200)}${at}`).join(', ')} };`;
      for (const source of [calls, names]) {
        assert.throws(
          () => check(appOf(['GET a.js get readonly'], { 'a.js': source })),
          (error) => {
            assert.ok(isEnclosError(error, 'APP_INVALID'), String(error));
            assert.ok(error.message.length < 12_000, `${error.message.length} characters`);
            assert.match(error.message, /a\.js/);
            return true;
          },
        );
      }
    });

    it('says it when a sandbox gets the application, and the one before stays', async () => {
      const identity = makeServiceIdentity(['localhost']);
      const sandbox = new Sandbox({ engine, identity, members: [], users: [], address: '127.0.0.1:8000' });
      const request: AppRequest = { method: 'GET', path: '/0', query: '', headers: new Map(), body: new Uint8Array() };
      sandbox.deploy(appOf(['GET a.js get readonly'], { 'a.js': get }));
      for (const [, endpoints, modules, code] of broken.slice(0, 6)) {
        assert.throws(() => sandbox.deploy(appOf(endpoints, modules)), { code });
        assert.equal(textOf(await sandbox.submit(request)), '1');
      }
      // Without the check the first request would be the first to see it.
      const historical = `const { transactionId } = ccf.historicalState;\n${get}`;
      sandbox.deploy(appOf(['GET a.js get historical'], { 'a.js': historical }));
      sandbox.close();
    });
  });
}
