import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { webhookChart } from '../src/manifests/chart.ts';
import { fallbacks } from '@enclos/charts';
import { createAdmissionMetrics } from '../src/server/metrics.ts';

describe('the monitoring of the webhook', () => {
  test('names metrics that the webhook has, and those of the API server that say the webhook failed', () => {
    const metrics = createAdmissionMetrics();
    const answer = {
      outcome: 'left',
      platform: 'sgx',
      fault: 'x',
      body: '',
      uid: '',
      namespace: '',
      operations: 0,
    } as const;
    metrics.reviewed(answer, 1);
    metrics.refused('ADMISSION_BUSY');
    metrics.reloaded('refused');
    metrics.handshakeFailed();
    const none = (): number => 0;
    const text = metrics.render({ connections: none, inFlight: none, heldBytes: none, certificateEndsAtMs: none });
    const known = new Set([...text.matchAll(/^(enclos_\w+)/gm)].map(([, name]) => name));
    const values = { ...fallbacks(webhookChart.settings), monitoring: true };
    const objects = webhookChart.objects(values).filter(([, { kind }]) => /^(?:PrometheusRule|ConfigMap)$/.test(kind));
    assert.equal(objects.length, 2);
    const named = [...JSON.stringify(objects).matchAll(/\b(?:enclos|apiserver|kube)_\w+/g)].map(([name]) => name);
    assert.ok(named.length > 8);
    const foreign = named.filter((name) => !known.has(name));
    assert.deepEqual([...new Set(foreign)], ['apiserver_admission_webhook_fail_open_count']);
  });
});
