import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { createAgentMetrics } from '../src/metrics.ts';
import { testResource } from './support.ts';

describe('the metrics of the agent', () => {
  const metrics = createAgentMetrics({
    resources: () => [testResource({ a: 'Healthy', b: 'Healthy', c: 'Unhealthy' })],
    epc: () => ({ sizeBytes: 68_719_476_736n, source: 'sysfs' }),
    isPlatformReady: () => true,
    problem: () => new EnclosError('AGENT_CALLER_UNKNOWN'),
    collateral: () => ({ issuedAt: 1000, endsAt: 2000, confirmedAt: 1500, lastError: undefined, unready: 'expired' }),
  });

  test('say what there is and what happened', () => {
    metrics.registered('enclos.dev/test');
    metrics.lost('enclos.dev/test');
    metrics.registrationFailed('enclos.dev/test', 'AGENT_KUBELET_REFUSED');
    metrics.allocated('enclos.dev/test', 'granted');
    metrics.allocated('enclos.dev/test', 'granted');
    metrics.connected('refused');
    metrics.collateralFailed('AGENT_COLLATERAL_REFUSED');
    metrics.accounted(['memory', 'pids']);
    const samples = metrics
      .render()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(samples.toSorted(), [
      'enclos_agent_accounting{by="pod",controllers="memory pids"} 1',
      'enclos_agent_allocations_total{resource="enclos.dev/test",outcome="granted"} 2',
      'enclos_agent_collateral_confirmed_timestamp_seconds 1500',
      'enclos_agent_collateral_expiry_timestamp_seconds 2000',
      'enclos_agent_collateral_failures_total{code="AGENT_COLLATERAL_REFUSED"} 1',
      'enclos_agent_collateral_issued_timestamp_seconds 1000',
      'enclos_agent_collateral_ready 0',
      'enclos_agent_connections_total{outcome="refused"} 1',
      'enclos_agent_devices_problem{code="AGENT_CALLER_UNKNOWN"} 1',
      'enclos_agent_devices{resource="enclos.dev/test",health="healthy"} 2',
      'enclos_agent_devices{resource="enclos.dev/test",health="unhealthy"} 1',
      'enclos_agent_epc_bytes{source="sysfs"} 68719476736',
      'enclos_agent_platform_ready 1',
      'enclos_agent_registered{resource="enclos.dev/test"} 0',
      'enclos_agent_registration_failures_total{resource="enclos.dev/test",code="AGENT_KUBELET_REFUSED"} 1',
      'enclos_agent_registrations_total{resource="enclos.dev/test"} 1',
    ]);
  });
});
