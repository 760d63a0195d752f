import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { accessRefusal, kvAccess, KvStore, mapKind, restrictTransaction } from '@enclos/kv';
import type { KvAccess, KvContext, KvMap, KvOperation } from '@enclos/kv';

/** The table of doc/audit/read_write_restrictions.rst, with the contexts of read-only endpoints beside it. */
const names = ['public:ccf.internal.a', 'ccf.internal.a', 'public:ccf.gov.a', 'ccf.gov.a', 'public:a', 'a'];
const table: Readonly<Record<KvContext, readonly KvAccess[]>> = {
  'read-only governance': ['read-only', 'inaccessible', 'read-only', 'inaccessible', 'inaccessible', 'inaccessible'],
  'read-write governance': ['read-only', 'inaccessible', 'read-write', 'inaccessible', 'write-only', 'inaccessible'],
  application: ['read-only', 'inaccessible', 'read-only', 'inaccessible', 'read-write', 'read-write'],
  'read-only application': ['read-only', 'inaccessible', 'read-only', 'inaccessible', 'read-only', 'read-only'],
};
const reads: Readonly<Record<string, (map: KvMap) => unknown>> = {
  has: (map) => map.has(utf8('k')),
  get: (map) => map.get(utf8('k')),
  getVersionOfPreviousWrite: (map) => map.versionOfPreviousWrite(utf8('k')),
  forEach: (map) => map.forEach(() => true),
  size: (map) => map.size,
};
const writes: Readonly<Record<string, (map: KvMap) => unknown>> = {
  set: (map) => map.set(utf8('k'), utf8('v')),
  delete: (map) => map.delete(utf8('k')),
  clear: (map) => map.clear(),
};
const contexts = Object.keys(table) as KvContext[];

describe('the access of code to maps', () => {
  test('is that of the table of CCF, for each operation', () => {
    for (const context of contexts) {
      const transaction = restrictTransaction(new KvStore().begin(), context);
      for (const [at, name] of names.entries()) {
        const access = table[context][at];
        assert.equal(kvAccess(context, name), access, `${context} ${name}`);
        for (const kind of [reads, writes]) {
          const allows = access === 'read-write' || access === (kind === reads ? 'read-only' : 'write-only');
          for (const [operation, use] of Object.entries(kind)) {
            if (allows) use(transaction.map(name));
            else assert.throws(() => use(transaction.map(name)), refusal(context, name, operation as KvOperation));
          }
        }
      }
    }
  });

  test('leaves a transaction its version, its write set and the names of its maps', () => {
    const store = new KvStore({ version: 7 });
    const transaction = restrictTransaction(store.begin(), 'application');
    const map = transaction.map('public:a');
    map.set(utf8('k'), utf8('v'));
    assert.deepEqual([transaction.readVersion, map.name], [7, 'public:a']);
    assert.deepEqual(transaction.writeSet(), [
      { name: 'public:a', readVersion: 0, writes: [[utf8('k'), utf8('v')]], removes: [] },
    ]);
  });

  test('is not restricted for the framework', () => {
    const map = new KvStore().begin().map('public:ccf.internal.signatures');
    map.set(new Uint8Array(8), utf8('{}'));
    assert.equal(map.size, 1);
  });

  test('is refused in the words of CCF', () => {
    const page = 'See https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html for more detail.';
    assert.equal(
      accessRefusal('read-only governance', 'public:ccf.gov.a', 'set'),
      `Cannot call "set" on table named public:ccf.gov.a. This table is read-only in current (read-only governance) execution context. ${page}`,
    );
    assert.match(
      accessRefusal('read-write governance', 'public:a', 'get'),
      /is write-only in current \(read-write governance\)/,
    );
    assert.match(accessRefusal('application', 'ccf.gov.a', 'get'), /is inaccessible in current \(application\)/);
  });

  test('counts case, and knows the names that are reserved', () => {
    assert.deepEqual(mapKind('public:CCF.gov.users'), { isPublic: true, category: 'application' });
    assert.deepEqual(mapKind('PUBLIC:ccf.gov.users'), { isPublic: false, category: 'application' });
    assert.deepEqual(mapKind('public:public:ccf.gov.users'), { isPublic: true, category: 'application' });
    assert.deepEqual(mapKind('ccf'), { isPublic: false, category: 'application' });
    for (const name of ['ccf.', 'ccf.other', 'public:ccf.', 'public:ccf.gov', 'ccf.internal']) {
      assert.throws(
        () => new KvStore().begin().map(name),
        (error) =>
          isEnclosError(error, 'KV_NAME_RESERVED') &&
          error.message === `Map name '${name}' includes disallowed reserved prefix 'ccf.'`,
      );
    }
  });
});

function refusal(context: KvContext, name: string, operation: KvOperation): (error: unknown) => boolean {
  return (error) =>
    isEnclosError(error, 'KV_ACCESS_DENIED') && error.message === accessRefusal(context, name, operation);
}
