import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { TenantSecrets, type TenantSecretsOptions } from '../../src/secrets/tenant-secrets.ts';
import { sha256 } from '@enclos/service/state';
import { sealedProtection, openTenantState } from '../records.ts';
import type { NamedSecret, TenantDocument } from '../../src/document/document.ts';
import { keysIn, issuerKey } from '@enclos/service/store';
import { MemoryStore, type MemoryRow, failsWith } from '@enclos/testkit';
import { configurationDigest, digestOf, issuer, sealingOf } from '../sealing.ts';

const otherIssuer = 'https://other.example';
const lax = '{"policy":"lax"}';
const strict = '{"policy":"strict"}';

interface Vault {
  readonly store: MemoryStore;
  readonly faults: unknown[];
  /** As after a start of the service: what it knows is in the store. */
  open(options?: OpenOptions): Promise<TenantSecrets>;
}

interface OpenOptions extends Partial<Pick<TenantSecretsOptions, 'configurationDigest' | 'issuer' | 'protection'>> {
  readonly floor?: { readonly epoch: number; readonly digest: string };
}

function vault(): Vault {
  const store = new MemoryStore();
  const faults: unknown[] = [];
  const own = sealedProtection(sealingOf());
  let replicas = 0;
  return {
    store,
    faults,
    async open({ floor, ...options } = {}) {
      const common = { store: store.functions, protection: own, issuer, configurationDigest, ...options };
      const state = await openTenantState({
        ...common,
        protection: own,
        floor,
        replica: `replica-${++replicas}`,
        nowMs: () => 0,
      });
      return new TenantSecrets({ ...common, state, onRefused: (error) => faults.push(error) });
    },
  };
}

const naming = (document: TenantDocument, named: NamedSecret): TenantDocument => ({
  ...document,
  secrets: [...document.secrets.filter(({ name }) => name !== named.name), named].toSorted((left, right) =>
    left.name < right.name ? -1 : 1,
  ),
});
const put = (secrets: TenantSecrets, name: string, text: string, policy = strict) =>
  secrets.put(name, { secret: utf8(text), policy }, naming);
const removing =
  (name: string) =>
  (document: TenantDocument): TenantDocument => ({
    ...document,
    secrets: document.secrets.filter((one) => one.name !== name),
  });

const keyOf = (digest: string, of = issuer): string => `secrets/${issuerKey(of)}/${digest}`;
const rowsOf = ({ store }: Vault, of = issuer): string[] =>
  [...store.rows.keys()].filter((key) => key.startsWith(keyOf('', of)));

function rowAt({ rows }: MemoryStore, key: string): MemoryRow {
  const row = rows.get(key);
  assert.ok(row !== undefined);
  return row;
}

async function textOf(secrets: TenantSecrets, name: string): Promise<string | undefined> {
  const opened = await secrets.open(name);
  return opened === undefined ? undefined : `${Buffer.from(opened.secret).toString()} ${opened.policy}`;
}

const refused = (rule: string) => failsWith('SERVICE_STATE_INVALID', rule);

test('a secret and its policy come back, also after a start; replaced and removed rows go', async () => {
  const made = vault();
  const secrets = await made.open();
  assert.equal(await textOf(secrets, 'one'), undefined);
  const first = await put(secrets, 'one', 'a', lax);
  const second = await put(secrets, 'two', 'b');
  assert.deepEqual(
    second.snapshot.document.secrets.map(({ name }) => name),
    ['one', 'two'],
  );
  assert.equal(first.named.digest, toBase64url(sha256(rowAt(made.store, keyOf(first.named.digest)).bytes)));
  const again = await put(secrets, 'one', 'c');
  assert.equal(again.snapshot.epoch, 3);
  assert.notEqual(again.snapshot.digest, second.snapshot.digest);
  assert.equal(await textOf(secrets, 'one'), `c ${strict}`);
  assert.equal(rowsOf(made).length, 2);
  const later = await made.open();
  assert.equal(await textOf(later, 'one'), `c ${strict}`);
  await later.remove(removing('one'));
  assert.equal(await textOf(later, 'one'), undefined);
  assert.deepEqual(rowsOf(made), [keyOf(second.named.digest)]);
  assert.deepEqual(made.faults, []);
});

test('no row has a secret or a policy that could be read', async () => {
  const made = vault();
  await put(await made.open(), 'one', 'a secret to look for');
  for (const { bytes } of made.store.rows.values()) {
    assert.ok(!Buffer.from(bytes).includes('to look for'));
    assert.ok(!Buffer.from(bytes).includes('strict'));
  }
});

test('an older row in the place of the newer one is refused: its policy was laxer', async () => {
  const made = vault();
  const secrets = await made.open();
  const older = await put(secrets, 'one', 'a', lax);
  const row = rowAt(made.store, keyOf(older.named.digest));
  const newer = await put(secrets, 'one', 'a');
  made.store.put(keyOf(newer.named.digest), row.bytes);
  await assert.rejects(secrets.open('one'), refused('other-row'));
  // Back under its own key it is a row that nobody asks for.
  made.store.put(keyOf(older.named.digest), row.bytes);
  await assert.rejects(secrets.open('one'), refused('other-row'));
});

test('an older state with its older row is refused by a service that saw the newer one', async () => {
  const made = vault();
  const secrets = await made.open();
  await put(secrets, 'one', 'a', lax);
  const then = new Map(made.store.rows);
  await put(secrets, 'one', 'a');
  for (const [key, { bytes }] of then) made.store.put(key, bytes);
  await assert.rejects(secrets.open('one'), refused('older'));
  await assert.rejects(secrets.list(), refused('older'));
  await assert.rejects(put(secrets, 'one', 'b'), refused('older'));
});

test('a row that is lost, cut off, changed or made by another machine is refused', async () => {
  const made = vault();
  const secrets = await made.open();
  const { named } = await put(secrets, 'one', 'a');
  const key = keyOf(named.digest);
  const row = rowAt(made.store, key);
  const foreign = await sealedProtection(sealingOf()).protect(utf8('forged'), { key: keyOf('one'), issuer });
  const changed = Uint8Array.from(row.bytes, (byte, index) => (index === 20 ? byte ^ 1 : byte));
  for (const bytes of [new Uint8Array(), row.bytes.subarray(1), changed, foreign]) {
    made.store.put(key, bytes);
    await assert.rejects(secrets.open('one'), refused('other-row'));
  }
  made.store.rows.delete(key);
  await assert.rejects(secrets.open('one'), refused('lost'));
  assert.deepEqual((await secrets.list()).secrets, [{ ...named, policy: undefined }]);
  made.store.put(key, row.bytes);
  assert.equal(await textOf(secrets, 'one'), `a ${strict}`);
});

test('rows that are swapped between names are refused', async () => {
  const made = vault();
  const secrets = await made.open();
  const [one, two] = [await put(secrets, 'one', 'a', lax), await put(secrets, 'two', 'b')];
  const rows = [one, two].map(({ named }) => rowAt(made.store, keyOf(named.digest)));
  made.store.put(keyOf(one.named.digest), rows[1]?.bytes ?? new Uint8Array());
  made.store.put(keyOf(two.named.digest), rows[0]?.bytes ?? new Uint8Array());
  await assert.rejects(secrets.open('one'), refused('other-row'));
  await assert.rejects(secrets.open('two'), refused('other-row'));
});

// The state alone keeps rows apart. That it names a row under another name cannot happen but by a fault here, and then the seal refuses.
test('the seal refuses a row of another name, and one of another tenant', async () => {
  const made = vault();
  const secrets = await made.open();
  const { named } = await put(secrets, 'one', 'a');
  const renaming = (document: TenantDocument, added: NamedSecret): TenantDocument =>
    naming(naming(document, { name: 'three', digest: named.digest }), added);
  await secrets.put('two', { secret: utf8('b'), policy: lax }, renaming);
  await assert.rejects(secrets.open('three'), refused('protection'));

  const other = await made.open({ issuer: otherIssuer });
  made.store.put(keyOf(named.digest, otherIssuer), rowAt(made.store, keyOf(named.digest)).bytes);
  const taking = (document: TenantDocument, added: NamedSecret): TenantDocument =>
    naming(naming(document, named), added);
  await other.put('zero', { secret: utf8('b'), policy: lax }, taking);
  await assert.rejects(other.open('one'), refused('protection'));
  assert.equal(await textOf(secrets, 'one'), `a ${strict}`);
});

test('another configuration takes over the state that it names, and not its secrets', async () => {
  const made = vault();
  const secrets = await made.open();
  const { snapshot, named } = await put(secrets, 'one', 'a');
  const { epoch, digest } = snapshot;
  const other = await made.open({
    configurationDigest: digestOf('with a root of its author'),
    floor: { epoch, digest },
  });
  await assert.rejects(other.open('one'), refused('configuration'));
  assert.deepEqual((await other.list()).secrets, [{ ...named, policy: undefined }]);
  await put(other, 'one', 'b');
  assert.equal(await textOf(other, 'one'), `b ${strict}`);
});

test('what is no row of a secret is refused, though it is sealed for it', async () => {
  const made = vault();
  const inner = sealedProtection(sealingOf());
  const secrets = await made.open({
    protection: { protect: (_, place) => inner.protect(utf8('no row'), place), open: inner.open },
  });
  await put(secrets, 'one', 'a');
  await assert.rejects(secrets.open('one'), refused('well-formed'));
});

test('a store that does not write, or in which something lies in the way, leaves the secret as it was', async () => {
  const made = vault();
  const secrets = await made.open();
  await put(secrets, 'one', 'a');
  const isRow = (key: string): boolean => key.startsWith('secrets/');
  made.store.onWrite = (key) => {
    if (isRow(key)) throw new Error('The disk is full.');
  };
  await assert.rejects(put(secrets, 'one', 'b'), failsWith('SERVICE_STORE_UNAVAILABLE'));
  made.store.onWrite = (key) => {
    if (isRow(key)) made.store.put(key, utf8('in the way'));
  };
  await assert.rejects(put(secrets, 'one', 'b'), failsWith('SERVICE_STORE_UNAVAILABLE'));
  made.store.onWrite = () => undefined;
  assert.equal(await textOf(secrets, 'one'), `a ${strict}`);
});

test('a row whose state nobody confirmed stays, since it may be named yet, until the next change', async () => {
  const made = vault();
  const secrets = await made.open();
  await put(secrets, 'one', 'a');
  const isState = (key: string): boolean => key.startsWith('state/');
  made.store.onWrite = (key) => {
    if (isState(key)) throw new Error('The disk is full.');
  };
  await assert.rejects(put(secrets, 'one', 'b'), failsWith('SERVICE_STORE_UNAVAILABLE'));
  assert.equal(rowsOf(made).length, 2);
  assert.equal(await textOf(secrets, 'one'), `a ${strict}`);
  made.store.onWrite = () => undefined;
  made.store.onWritten = (key) => {
    if (isState(key)) throw new Error('The answer got lost.');
  };
  await put(secrets, 'one', 'c');
  made.store.onWritten = () => undefined;
  assert.equal(await textOf(secrets, 'one'), `c ${strict}`);
  assert.equal(rowsOf(made).length, 1);
});

test('at the start rows without a name are removed, of this tenant alone, and never on behalf of an empty store', async () => {
  const made = vault();
  const secrets = await made.open();
  const { named } = await put(secrets, 'one', 'a');
  const strangers = [keyOf(digestOf('orphan')), keyOf(digestOf('orphan'), otherIssuer), keyOf('no-digest')];
  for (const key of strangers) made.store.put(key, utf8('stranger'));
  await (await made.open()).clean();
  assert.deepEqual(
    [...made.store.rows.keys()].filter((key) => key.startsWith('secrets/')).toSorted(),
    [keyOf(named.digest), ...strangers.slice(1)].toSorted(),
  );
  const state = [...made.store.rows.keys()].find((key) => key.startsWith('state/')) ?? '';
  const row = rowAt(made.store, state);
  made.store.rows.delete(state);
  await (await made.open()).clean();
  made.store.put(state, row.bytes);
  assert.equal(await textOf(await made.open(), 'one'), `a ${strict}`);
  assert.deepEqual(made.faults, []);
});

test('a list of keys with far more than a list may have is not parsed', async (context) => {
  const made = vault();
  await made.open();
  const parse = context.mock.method(JSON, 'parse');
  for (const answer of [`[${'{},'.repeat(300_000)}{}]`, JSON.stringify(Array.from({ length: 10_002 }, () => 'a'))]) {
    assert.deepEqual(keysIn(answer), []);
  }
  assert.equal(parse.mock.callCount(), 0);
});

test('a list of keys that makes no sense removes nothing', async () => {
  const made = vault();
  const secrets = await made.open();
  const { named } = await put(secrets, 'one', 'a');
  const state = [...made.store.rows.keys()].find((key) => key.startsWith('state/')) ?? '';
  for (const answer of ['', '{}', '7', JSON.stringify([state, 7, null, keyOf('../x')])]) {
    made.store.functions.storeKeys = async () => answer;
    await secrets.clean();
    assert.deepEqual([...made.store.rows.keys()].toSorted(), [keyOf(named.digest), state].toSorted());
  }
});

test('changes at once are all kept, and reading meanwhile finds one of them whole', async () => {
  const made = vault();
  const secrets = await made.open();
  await put(secrets, 'one', '0');
  const numbers = Array.from({ length: 10 }, (_, index) => String(index + 1));
  const changes = numbers.map((text) => put(secrets, Number(text) % 2 === 0 ? 'one' : `n-${text}`, text));
  const reads = numbers.map(() => textOf(secrets, 'one'));
  await Promise.all(changes);
  for (const text of await Promise.all(reads)) assert.match(text ?? '', /^\d+ \{/);
  assert.equal(await textOf(secrets, 'one'), `10 ${strict}`);
  assert.equal((await secrets.list()).secrets.length, 6);
  assert.equal(rowsOf(made).length, 6);
});
