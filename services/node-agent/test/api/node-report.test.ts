import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../../src/errors.ts';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { createApiClient } from '@enclos/service/cluster';
import { startFakeApiServer, type FakeApiServer } from '@enclos/testkit';
import { createNodeReport } from '../../src/api/node-report.ts';

interface Bench extends FakeApiServer {
  readonly report: () => Promise<void>;
  readonly at: (seconds: number) => void;
  readonly set: (problem: unknown) => void;
  readonly failures: string[];
}

async function bench(
  t: TestContext,
  asked: { condition?: boolean; label?: boolean; events?: boolean },
): Promise<Bench> {
  const fake = await startFakeApiServer(t, selfSignedCertificate);
  let seconds = 0;
  let problem: unknown;
  const failures: string[] = [];
  const { report } = createNodeReport({
    client: createApiClient({ server: fake.server, now: () => seconds * 1000 }),
    node: 'node-1',
    condition: false,
    label: false,
    events: false,
    ...asked,
    problem: () => problem,
    now: () => new Date(Date.UTC(2026, 0, 1) + seconds * 1000),
    failed: (error) => failures.push(isEnclosError(error) ? error.code : 'unknown'),
  });
  return { ...fake, report, failures, at: (now) => void (seconds = now), set: (found) => void (problem = found) };
}

const hidden = new EnclosError('AGENT_CALLER_UNKNOWN', 'The agent does not see the process of the kubelet.');

describe('the report on a node', () => {
  test('keeps its condition: reason and sentence, when that changed, and a heartbeat', async (t) => {
    const { report, at, set, seen } = await bench(t, { condition: true });
    set(hidden);
    await report();
    at(10);
    await report();
    set(undefined);
    at(20);
    await report();
    at(400);
    await report();
    assert.ok(seen.every(({ method, path }) => method === 'PATCH' && path === '/api/v1/nodes/node-1/status'));
    assert.ok(seen.every(({ contentType }) => contentType === 'application/strategic-merge-patch+json'));
    const conditions = seen.map(
      ({ body }) => (body as { status: { conditions: Record<string, string>[] } }).status.conditions[0],
    );
    assert.deepEqual(
      conditions.map((one) => [
        one?.['status'],
        one?.['reason'],
        one?.['lastTransitionTime'],
        one?.['lastHeartbeatTime'],
      ]),
      [
        ['False', 'AGENT_CALLER_UNKNOWN', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
        ['True', 'Ready', '2026-01-01T00:00:20Z', '2026-01-01T00:00:20Z'],
        ['True', 'Ready', '2026-01-01T00:00:20Z', '2026-01-01T00:06:40Z'],
      ],
    );
    assert.equal(conditions[0]?.['type'], 'EnclosSoftwareSgxReady');
    assert.match(conditions[0]?.['message'] ?? '', /does not see the process of the kubelet\. Connect from a living/);
  });

  test('labels the node while its devices work, and takes the label away when they do not', async (t) => {
    const { report, set, seen } = await bench(t, { label: true });
    await report();
    set(hidden);
    await report();
    assert.deepEqual(
      seen.map(({ path, body }) => [path, body]),
      [
        ['/api/v1/nodes/node-1', { metadata: { labels: { 'enclos.dev/software-sgx': 'true' } } }],
        ['/api/v1/nodes/node-1', { metadata: { labels: { 'enclos.dev/software-sgx': null } } }],
      ],
    );
  });

  test('writes an event for each change, but none that all is well at the start', async (t) => {
    const { report, set, seen } = await bench(t, { events: true });
    await report();
    set(hidden);
    await report();
    await report();
    set(undefined);
    await report();
    assert.deepEqual(
      seen.map(({ method, path, body }) => {
        const { type, reason, involvedObject } = body as Record<string, unknown>;
        return [method, path, type, reason, involvedObject];
      }),
      [
        [
          'POST',
          '/api/v1/namespaces/default/events',
          'Warning',
          'AGENT_CALLER_UNKNOWN',
          { kind: 'Node', name: 'node-1', uid: 'node-1' },
        ],
        [
          'POST',
          '/api/v1/namespaces/default/events',
          'Normal',
          'Ready',
          { kind: 'Node', name: 'node-1', uid: 'node-1' },
        ],
      ],
    );
  });

  test('tells once that it may not report, and reports when it may', async (t) => {
    const { report, at, answer, failures, seen } = await bench(t, { condition: true });
    answer(403);
    for (const second of [0, 5, 29, 31]) {
      at(second);
      await report();
    }
    assert.deepEqual(failures, ['SERVICE_CLUSTER_REFUSED']);
    answer(200);
    at(62);
    await report();
    await report();
    assert.equal(seen.length, 3);
  });
});
