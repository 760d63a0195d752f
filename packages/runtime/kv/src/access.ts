import { EnclosError } from '@enclos/errors';
import { mapKind } from './map-name.ts';
import type { KvMap, KvTransaction } from './transaction.ts';

/**
 * In whose name code runs. Ballots, `validate` and `resolve` run as read-only governance, `apply` as read-write governance,
 * handlers as application, and those of read-only endpoints as read-only application.
 */
export type KvContext = 'application' | 'read-only application' | 'read-only governance' | 'read-write governance';

export type KvAccess = 'read-write' | 'read-only' | 'write-only' | 'inaccessible';

/** What code does with a map, by the names that CCF gives its methods. */
export type KvOperation = 'has' | 'get' | 'getVersionOfPreviousWrite' | 'forEach' | 'size' | 'set' | 'delete' | 'clear';

/** By kind of map: governance code decides only upon what an auditor sees, which is public and signed by members. */
const rules: Readonly<Record<KvContext, Readonly<Record<string, KvAccess>>>> = {
  application: {
    'public internal': 'read-only',
    'public governance': 'read-only',
    'public application': 'read-write',
    'private application': 'read-write',
  },
  'read-only application': {
    'public internal': 'read-only',
    'public governance': 'read-only',
    'public application': 'read-only',
    'private application': 'read-only',
  },
  'read-only governance': { 'public internal': 'read-only', 'public governance': 'read-only' },
  'read-write governance': {
    'public internal': 'read-only',
    'public governance': 'read-write',
    'public application': 'write-only',
  },
};

const isWriting: Readonly<Record<KvOperation, boolean>> = {
  has: false,
  get: false,
  getVersionOfPreviousWrite: false,
  forEach: false,
  size: false,
  set: true,
  delete: true,
  clear: true,
};

/**
 * How code in a context may use a map (CCF, doc/audit/read_write_restrictions.rst).
 *
 * @throws KV_NAME_RESERVED
 * @example kvAccess('application', 'public:ccf.gov.users.info') === 'read-only'
 */
export function kvAccess(context: KvContext, name: string): KvAccess {
  const { isPublic, category } = mapKind(name);
  return rules[context][`${isPublic ? 'public' : 'private'} ${category}`] ?? 'inaccessible';
}

/** Whether this access lets code do that. */
export function allowsOperation(access: KvAccess, operation: KvOperation): boolean {
  return access === 'read-write' || access === (isWriting[operation] ? 'write-only' : 'read-only');
}

/** Why an operation is refused, in the words of CCF, which applications show to their users. Its quotes are from a macro (kv_helpers.h). */
export function accessRefusal(context: KvContext, name: string, operation: KvOperation): string {
  const page = 'https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html';
  return `Cannot call "${operation}" on table named ${name}. This table is ${kvAccess(context, name)} in current (${context}) execution context. See ${page} for more detail.`;
}

/**
 * A transaction as code in a context may use it: what it may not do throws.
 *
 * @throws KV_ACCESS_DENIED from its maps, with the message of CCF.
 */
export function restrictTransaction(transaction: KvTransaction, context: KvContext): KvTransaction {
  return {
    readVersion: transaction.readVersion,
    map: (name) => restrictMap(transaction.map(name), context),
    writeSet: () => transaction.writeSet(),
  };
}

function restrictMap(map: KvMap, context: KvContext): KvMap {
  const access = kvAccess(context, map.name);
  const permitted = (operation: KvOperation): KvMap => {
    if (allowsOperation(access, operation)) return map;
    throw new EnclosError('KV_ACCESS_DENIED', accessRefusal(context, map.name, operation));
  };
  return {
    name: map.name,
    get size() {
      return permitted('size').size;
    },
    has: (key) => permitted('has').has(key),
    get: (key, look) => permitted('get').get(key, look),
    versionOfPreviousWrite: (key) => permitted('getVersionOfPreviousWrite').versionOfPreviousWrite(key),
    set: (key, value, look) => permitted('set').set(key, value, look),
    delete: (key) => permitted('delete').delete(key),
    clear: (look) => permitted('clear').clear(look),
    forEach: (visit, look) => permitted('forEach').forEach(visit, look),
  };
}
