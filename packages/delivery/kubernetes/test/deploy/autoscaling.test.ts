import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseDeploySettings, planDeployment, renderDeployment, type DeploySettings } from '../../src/index.ts';
import { lintManifests } from '../../src/lint/index.ts';
import { base, find, objectsOf, refuses } from './planned.ts';

const autoscaling = { max: 8, cpu: 70, metrics: [{ name: 'queued', average: 4 }] };

describe('autoscaling', () => {
  it('is an autoscaler for the workload, which names no number of pods then', () => {
    for (const kind of ['Deployment', 'StatefulSet'] as const) {
      const objects = objectsOf({ kind, autoscaling });
      assert.deepEqual(find(objects, 'HorizontalPodAutoscaler').spec, {
        scaleTargetRef: { apiVersion: 'apps/v1', kind, name: 'app' },
        minReplicas: 2,
        maxReplicas: 8,
        metrics: [
          {
            type: 'Pods',
            pods: { metric: { name: 'queued' }, target: { type: 'AverageValue', averageValue: '4' } },
          },
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      });
      assert.ok(!('replicas' in (find(objects, kind).spec ?? {})));
    }
    assert.equal(find(objectsOf({}), 'Deployment').spec?.replicas, 2);
  });

  it('counts with the most pods: they are spread, some are kept, and none owns a claim', () => {
    const volumes = [{ name: 'data', target: '/data', type: 'persistent' as const }];
    const objects = objectsOf({ replicas: 1, volumes, autoscaling: { max: 3, cpu: 50 } });
    assert.ok(find(objects, 'PodDisruptionBudget'));
    const { strategy, template } = find(objects, 'Deployment').spec ?? {};
    assert.equal(strategy, undefined);
    assert.ok(template?.spec?.topologySpreadConstraints);
  });

  it('is refused where it cannot be meant', () => {
    const wrong: readonly (readonly [RegExp, Partial<DeploySettings>])[] = [
      [/say when to scale/, { autoscaling: { max: 3 } }],
      [/from 1 to max, which is 1/, { autoscaling: { max: 1, cpu: 50 } }],
      [/from 1 to max/, { replicas: 0, autoscaling: { max: 3, cpu: 50 } }],
      [/from 1 to max/, { autoscaling: { min: 4, max: 3, cpu: 50 } }],
      [/Job are not scaled/, { kind: 'Job', autoscaling: { max: 3, cpu: 50 } }],
    ];
    for (const [words, settings] of wrong) refuses('DEPLOY_SETTINGS_INVALID', words, settings);
    refuses(
      'DEPLOY_SETTINGS_INVALID',
      /from 1 to max/,
      { autoscaling: { max: 3, cpu: 50 } },
      { flags: { replicas: 5 } },
    );
  });

  it('is left out of podman, and said so', () => {
    const plan = planDeployment({ settings: { ...base, profile: 'podman', image: 'localhost/app:1', autoscaling } });
    assert.ok(plan.objects.every(({ kind }) => kind !== 'HorizontalPodAutoscaler'));
    assert.equal(find(plan.objects, 'Deployment').spec?.replicas, 2);
    assert.ok(plan.notes.some((note) => note.includes('does not scale')));
  });
});

describe('services/inference/deploy.json', () => {
  const text = readFileSync(new URL('../../../../../../services/inference/deploy.json', import.meta.url), 'utf8');
  const image = `registry.example/inference@sha256:${'a1'.repeat(32)}`;

  it('gives manifests without a finding on every profile of a cluster', () => {
    for (const profile of ['software', 'sgx', 'aks-sgx', 'aks-snp'] as const) {
      const plan = planDeployment({ settings: parseDeploySettings(text), flags: { image, profile } });
      const [file] = renderDeployment(plan, 'yaml');
      const { findings } = lintManifests([{ name: 'inference.yaml', text: file?.content ?? '' }], {
        now: new Date('2026-11-26'),
      });
      assert.deepEqual(findings, [], profile);
    }
  });

  it('has probes, a budget, an autoscaler by the queue, closed networks and read-only models', () => {
    const { objects } = planDeployment({ settings: parseDeploySettings(text), flags: { image } });
    const { template } = find(objects, 'Deployment').spec ?? {};
    const [container] = template?.spec?.containers ?? [];
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      assert.equal(container?.[probe]?.httpGet?.port, 'admin', probe);
    }
    assert.deepEqual(
      container?.volumeMounts?.find(({ name }) => name === 'models'),
      { name: 'models', mountPath: '/models', readOnly: true },
    );
    const scaled = find(objects, 'HorizontalPodAutoscaler').spec;
    assert.equal(scaled?.metrics?.[0]?.pods?.metric.name, 'enclos_inference_queued_runs');
    assert.ok(find(objects, 'PodDisruptionBudget'));
    // Out go lookups of names, and connections to other replicas alone.
    const replicas = { to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'inference' } } }] };
    const { egress = [] } = find(objects, 'NetworkPolicy').spec ?? {};
    assert.equal(egress.length, 2);
    assert.deepEqual(egress.at(-1), { ...replicas, ports: [{ protocol: 'TCP', port: 8444 }] });
    const services = objects.flatMap(({ kind, metadata }) => (kind === 'Service' ? [metadata.name] : []));
    assert.deepEqual(services, ['inference', 'inference-pods']);
  });
});
