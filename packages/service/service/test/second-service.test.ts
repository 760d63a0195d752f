import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { defineInterface, func, string } from '@enclos/edl';
import { startAdminServer } from '../src/admin/index.ts';
import { auditInterface } from '../src/audit/index.ts';
import { openAuditLog } from '../src/audit/audit-log.ts';
import { renderCounters } from '../src/metrics/render-counters.ts';
import { bodyLimitOf } from '../src/routes/index.ts';
import { storeInterface } from '../src/store/index.ts';
import { openFileStore } from '../src/stores/index.ts';
import {
  document,
  requestOf,
  startNotes,
  startsAt,
  table,
  tokenWith,
  type NotesService,
  type Sent,
} from './notes-service.ts';
import { service, temporaryFolder } from './stores/folder.ts';

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>> & { readonly error?: Readonly<Record<string, unknown>> };
}

async function ask({ handler }: NotesService, method: string, path: string, sent: Sent = {}): Promise<Answered> {
  const { status, headers = {}, body } = await handler(requestOf(method, path, sent));
  assert.ok(typeof body === 'string');
  return { status, headers, body: JSON.parse(body) as Answered['body'] };
}

async function started(t: TestContext, explains = false) {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'audit.log');
  const log = openAuditLog(path);
  t.after(() => log.close());
  const key = new Uint8Array(32).fill(7);
  const open = async (): Promise<{ readonly notes: NotesService; readonly close: () => Promise<void> }> => {
    const store = await openFileStore(join(folder, 'store'), { service });
    return {
      notes: await startNotes({ store, audit: (line) => log.write(line), explains, key }),
      close: () => store.close(),
    };
  };
  const lines = async (): Promise<readonly Record<string, unknown>[]> =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { open, lines };
}

const writes = (text: string, more: Sent = {}): Sent => ({ token: tokenWith(), body: { text }, ...more });

describe('a second service on the same machinery', () => {
  it('answers its open route, and its other one to the role alone', async (t) => {
    const { open } = await started(t);
    const { notes, close } = await open();
    assert.deepEqual((await ask(notes, 'GET', '/notes')).body, { epoch: 0, notes: {} });
    assert.equal((await ask(notes, 'PUT', '/notes/one', { body: { text: 'a' } })).status, 401);
    const other = await ask(notes, 'PUT', '/notes/one', writes('a', { token: tokenWith({ roles: 'reader' }) }));
    assert.deepEqual([other.status, other.body.error?.['code']], [403, 'Forbidden']);
    assert.deepEqual((await ask(notes, 'PUT', '/notes/one', writes('a'))).body, { epoch: 1 });
    assert.deepEqual((await ask(notes, 'GET', '/notes', { from: '192.0.2.2' })).body, {
      epoch: 1,
      notes: { one: 'a' },
    });
    await close();
  });

  it('finds its state after a restart', async (t) => {
    const { open } = await started(t);
    const first = await open();
    await ask(first.notes, 'PUT', '/notes/one', writes('kept'));
    await first.close();
    const second = await open();
    assert.deepEqual((await ask(second.notes, 'GET', '/notes')).body, { epoch: 1, notes: { one: 'kept' } });
    await second.close();
  });

  it('says what is not there, and which methods are', async (t) => {
    const { open } = await started(t);
    const { notes, close } = await open();
    for (const path of ['/', '/notes/', '/notes/ONE', '/notes/one/two', '/notes/{name}']) {
      assert.equal((await ask(notes, 'PUT', path, { from: path })).status, 404, path);
    }
    const { status, headers } = await ask(notes, 'DELETE', '/notes/one');
    assert.deepEqual([status, headers['allow']], [405, 'PUT']);
    await close();
  });

  it('tells nothing of a fault, and why it refuses only when it explains', async (t) => {
    for (const explains of [false, true]) {
      const { open } = await started(t, explains);
      const { notes, close } = await open();
      const fault = await ask(notes, 'PUT', '/notes/one', writes('fault'));
      assert.deepEqual(
        [fault.status, fault.body.error],
        [500, { code: 'InternalError', message: 'The service failed to answer.' }],
      );
      assert.match(String(notes.faults[0]), /secret text/);
      const refused = await ask(notes, 'PUT', '/notes/one', { token: 'a.b.c' });
      assert.deepEqual(
        refused.body.error?.['details'],
        explains ? { rule: 'authentication', reason: 'malformed' } : undefined,
      );
      await close();
    }
  });

  it('writes a line for each call that needs a role, before its answer, and none for others', async (t) => {
    const { open, lines } = await started(t);
    const { notes, close } = await open();
    await ask(notes, 'GET', '/notes');
    const { headers } = await ask(notes, 'PUT', '/notes/one', writes('a'));
    assert.equal(headers['cache-control'], 'no-store');
    await ask(notes, 'PUT', '/notes/one', { body: { text: 'b' } });
    const [set, refused, ...more] = await lines();
    const { requestId, who, ...rest } = set ?? {};
    assert.deepEqual(rest, { time: startsAt.toISOString(), call: 'setNote', outcome: 'ok', note: 'one' });
    assert.match(String(requestId), /^[0-9a-f-]{36}$/);
    assert.match(String(who), /^sub:[\w-]{43}$/);
    assert.deepEqual(
      [refused?.['outcome'], refused?.['error'], refused?.['rule'], refused?.['reason']],
      ['refused', 'Unauthorized', 'authentication', 'absent'],
    );
    assert.equal(more.length, 0);
    await close();
  });

  it('answers nothing that it could not log', async (t) => {
    const store = await openFileStore(await temporaryFolder(t), { service });
    const notes = await startNotes({ store, audit: () => Promise.reject(new Error('the disk is full')) });
    assert.equal((await ask(notes, 'PUT', '/notes/one', writes('a'))).status, 500);
    assert.equal((await ask(notes, 'GET', '/notes')).status, 200, 'an open call has no line');
    await store.close();
  });

  it('takes a few calls of one address, known or not, and those of others', async (t) => {
    const { open, lines } = await started(t);
    const { notes, close } = await open();
    const statuses: number[] = [];
    for (let call = 0; call < 8; call++) statuses.push((await ask(notes, 'PUT', '/notes/one')).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert.equal((await lines()).length, 5, 'a flood fills no log');
    assert.equal((await ask(notes, 'GET', '/notes', { from: '192.0.2.9' })).status, 200);
    notes.clock.ms += 1000;
    assert.equal((await ask(notes, 'GET', '/notes')).status, 200);
    await close();
  });

  it('counts its calls, and shows them with its health', async (t) => {
    const { open } = await started(t);
    const { notes, close } = await open();
    await ask(notes, 'GET', '/notes');
    await ask(notes, 'GET', '/nothing');
    const state: { unready?: string } = {};
    const admin = await startAdminServer({
      option: '--admin',
      address: { host: '127.0.0.1', port: 0 },
      unready: () => state.unready,
      metrics: () => Promise.resolve(renderCounters('notes', JSON.stringify(notes.metrics.counters()))),
    });
    const at = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${admin.port}${path}`);
    const text = await (await at('/metrics')).text();
    assert.match(text, /^enclos_notes_requests_total\{route="listNotes",outcome="ok"\} 1$/m);
    assert.match(text, /^enclos_notes_requests_total\{route="none",outcome="NotFound"\} 1$/m);
    assert.deepEqual([(await at('/healthz')).status, (await at('/readyz')).status], [200, 200]);
    state.unready = 'draining';
    assert.equal((await at('/readyz')).status, 503);
    await admin.close();
    await close();
  });

  it('has an OpenAPI document of exactly its routes', () => {
    const { paths } = document as { readonly paths: Readonly<Record<string, object>> };
    assert.deepEqual(
      Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)]),
      table.routes.map(({ path, method }) => [path, [method.toLowerCase()]]),
    );
  });

  it('reads no more of a body than its route takes', () => {
    const limit = bodyLimitOf(table);
    const at = (method: string, path: string): number => limit({ method, path, headers: new Map() });
    assert.deepEqual([at('PUT', '/notes/one'), at('GET', '/notes'), at('POST', '/nothing')], [4096, 4096, 4096]);
  });

  it('has an interface with the shared functions', () => {
    const notes = defineInterface({
      name: 'notes',
      trusted: { serve: func({ configuration: string({ maxBytes: 1024 }) }) },
      untrusted: { ...storeInterface, ...auditInterface },
    });
    assert.deepEqual(Object.keys(notes.untrusted), ['storeRead', 'storeWrite', 'storeKeys', 'storeRemove', 'audit']);
  });
});
