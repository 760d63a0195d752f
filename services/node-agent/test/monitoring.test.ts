import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fallbacks } from '@enclos/charts';
import { agentChart } from '../src/manifests/chart.ts';
import { createAgentMetrics } from '../src/metrics.ts';
import { testResource } from './support.ts';

function namedIn(some: { readonly devices?: number }): readonly string[] {
  const values = { ...fallbacks(agentChart.settings), monitoring: true, ...some };
  const objects = agentChart.objects(values).filter(([, { kind }]) => /^(?:PrometheusRule|ConfigMap)$/.test(kind));
  assert.equal(objects.length, 2);
  return [...JSON.stringify(objects).matchAll(/\b(?:enclos|apiserver|kube)_\w+/g)].map(([name]) => name);
}

describe('the monitoring of the agent', () => {
  test('names metrics that the agent has, and that of its restarts', () => {
    const metrics = createAgentMetrics({
      resources: () => [testResource({ 'test-0': 'Healthy' })],
      epc: () => ({ sizeBytes: 1n, source: 'sysfs' }),
      isPlatformReady: () => true,
      problem: () => undefined,
      collateral: () => ({ issuedAt: 1, endsAt: 2, confirmedAt: 1, lastError: undefined, unready: undefined }),
    });
    metrics.registered('a');
    metrics.registrationFailed('a', 'b');
    metrics.allocated('a', 'refused');
    metrics.connected('refused');
    const known = new Set([...metrics.render().matchAll(/^(enclos_\w+)/gm)].map(([, name]) => name));
    const named = namedIn({});
    assert.ok(named.length > 8);
    const foreign = named.filter((name) => !known.has(name));
    assert.deepEqual([...new Set(foreign)], ['kube_pod_container_status_restarts_total']);
  });

  test('has no alert about a platform where there is none', () => {
    const named = (devices: number) => namedIn({ devices }).filter((name) => name === 'enclos_agent_platform_ready');
    assert.equal(named(20).length - named(0).length, 1);
  });
});
