import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, test } from 'node:test';
import { verifyInterpreter } from '@enclos/isolation';
import { walkEnclave, type Defence } from '../src/index.ts';

let interpreterPath = '';
let kinds: ReadonlyMap<number, string>;

before(async () => {
  interpreterPath = (await verifyInterpreter()).path;
  const text = execFileSync(interpreterPath, [
    '--expose-internals',
    '-p',
    `JSON.stringify(require('internal/test/binding').internalBinding('async_wrap').Providers)`,
  ]).toString();
  // The interpreter's names of kinds, with their numbers.
  kinds = new Map(Object.entries(JSON.parse(text) as Record<string, number>).map(([name, kind]) => [kind, name]));
});

/** Native handles that a bundle may come to. The pipe is the gate's and the platform channel's. */
const allowed = ['JSSTREAM', 'PIPEWRAP', 'TLSWRAP', 'ZLIB'];
const http = ['Headers', 'Request', 'Response', 'FormData'];

describe('a walk over every object within reach of a bundle', () => {
  for (const [name, unnamed] of Object.entries({
    'that names everything': [],
    'that does not name TLS': ['node:tls'],
    'that names no class of HTTP': http,
    'that names neither, and little else': [
      'node:tls',
      ...http,
      'subtle',
      'CryptoKey',
      'performance',
      'deepEqual',
      'diff',
    ],
  })) {
    test(`${name} finds no authority`, async () => {
      const { hits, handles, objects } = await walkEnclave({ interpreterPath, unnamed });
      assert.deepEqual(hits, []);
      assert.deepEqual(
        handles.map((kind) => kinds.get(kind) ?? String(kind)).filter((kind) => !allowed.includes(kind)),
        [],
      );
      // Much fewer would mean that the walk has stopped looking.
      assert.ok(objects > 4000, `${objects} objects`);
    });
  }
});

describe('a walk from a connection that the host passed', () => {
  test('finds no authority, and a handle of TCP', async () => {
    const { hits, handles, objects } = await walkEnclave({ interpreterPath, passes: true });
    assert.deepEqual(hits, []);
    const found = handles.map((kind) => kinds.get(kind) ?? String(kind));
    assert.deepEqual(
      found.filter((kind) => ![...allowed, 'TCPWRAP'].includes(kind)),
      [],
    );
    assert.ok(found.includes('TCPWRAP'));
    assert.ok(objects > 4000, `${objects} objects`);
  });

  const off: readonly (readonly [readonly Defence[], RegExp])[] = [
    [['stripSockets'], /^passed.* is Socket$/],
    // Of these, TCP alone has it.
    [['stripSockets', 'stripNatives', 'stripTls'], /^passed.* has bind6$/],
  ];
  for (const [defences, expected] of off) {
    test(`finds what there is without ${defences.join(' and ')}`, async () => {
      const { hits } = await walkEnclave({ interpreterPath, passes: true, off: defences });
      assert.ok(
        hits.some((hit) => expected.test(hit)),
        hits.join('\n'),
      );
    });
  }
});

describe('the walk', () => {
  const planted = {
    'under a symbol': `[Symbol('x')]: { kill() {} }`,
    'in the answer of a getter': `get hidden() { return { dlopen() {} } }`,
    'on a prototype': `made: Object.create(Object.create({ binding() {} }))`,
    'that is not enumerable': `made: Object.defineProperty({}, 'x', { value: function spawn() {} })`,
    'in a map, as a key': `made: new Map([[{ a: class Worker {} }, 1]])`,
    'in a closure’s setter': `set hidden(value) {}, made: Object.defineProperty({}, 'x', { set: function dispatch() {} })`,
    'in the answer of an inherited accessor': `made: Object.create({ get x() { return this.y } }, { y: { value: function fork() {} } })`,
  };
  for (const [where, text] of Object.entries(planted)) {
    test(`finds a function with authority ${where}`, async () => {
      const { hits } = await walkEnclave({ interpreterPath, planted: text });
      assert.ok(
        hits.some((hit) => hit.startsWith('planted')),
        hits.join('\n'),
      );
    });
  }

  const off: readonly (readonly [readonly Defence[], RegExp])[] = [
    [['stripSockets'], /is Socket$/],
    [['stripSockets', 'stripNatives'], /_handle has listen$/],
    [['stripTls'], /is JSStream$/],
    [['stripClones'], /transfers$/],
    [['stripGlobals'], /is MessageChannel$/],
    [['stripProcess'], /is getBuiltinModule$/],
    [['pureModules', 'closeModules'], /is readFileSync$/],
  ];
  for (const [defences, expected] of off) {
    test(`finds what there is without ${defences.join(' and ')}`, async () => {
      const { hits } = await walkEnclave({ interpreterPath, off: defences });
      assert.ok(
        hits.some((hit) => expected.test(hit)),
        hits.join('\n'),
      );
    });
  }
});
