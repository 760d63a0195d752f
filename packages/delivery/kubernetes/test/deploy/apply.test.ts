import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadAll } from 'js-yaml';
import { applyTwice, createServerModel, type PlainManifest } from '@enclos/testkit';
import { planDeployment, profiles, renderDeployment, type DeploySettings } from '../../src/index.ts';
import { base } from './planned.ts';

/** What `enclos deploy` writes, read back from its YAML. */
function manifestsOf(settings: Partial<DeploySettings>): readonly PlainManifest[] {
  const plan = planDeployment({ settings: { ...base, ...settings } });
  return renderDeployment(plan, 'yaml').flatMap(({ content }) => loadAll(content) as PlainManifest[]);
}

/** Everything that the API server stores otherwise, when it is written as people write it. */
const wide: Partial<DeploySettings> = {
  replicas: 3,
  listen: [
    { name: 'https', port: 8443, from: [] },
    { name: 'admin', port: 9000, from: [{ podLabels: {}, namespaceLabels: { team: 'ops' } }, { cidr: '10.0.0.0/8' }] },
  ],
  connect: [
    { name: 'db', host: 'db.example', port: 5432 },
    { name: 'address', host: '10.0.0.1', port: 80 },
  ],
  resources: { cpu: '1000m', memory: '1.5Gi', 'ephemeral-storage': 1_000_000_000, 'sgx.intel.com/epc': '65536Ki' },
  env: { EMPTY: '', PLAIN: 'a', SECRET: { secret: 's', key: 'k' }, CONFIG: { configMap: 'c', key: 'k' } },
  command: [],
  args: [],
  deviceGroups: [],
  imagePullSecrets: [],
  nodeSelector: {},
  serviceAccountAnnotations: {},
  service: { type: 'LoadBalancer', annotations: {} },
  tolerations: [{ key: 'a', operator: 'Equal', value: '', effect: 'NoSchedule' }],
  probes: {
    startup: { command: ['true'], initialDelaySeconds: 0 },
    readiness: { tcp: 'https', initialDelaySeconds: 0, periodSeconds: 10 },
    liveness: { http: { port: 'admin', path: '/live' } },
  },
  volumes: [
    { name: 'disk', target: '/disk', type: 'ephemeral', size: 1_073_741_824 },
    { name: 'memory', target: '/memory', type: 'memory', size: '0.5Gi' },
    { name: 'secret', target: '/secret', type: 'secret', readOnly: false },
    { name: 'config', target: '/config', type: 'configMap' },
  ],
  softwareRoots: { fingerprints: ['ab'.repeat(32)] },
  terminationGracePeriodSeconds: 0,
  job: { backoffLimit: 0, keepSeconds: 0 },
};
const closed: Partial<DeploySettings> = { listen: [], connect: [] };

describe('applying again what deploy writes', () => {
  const clusters = profiles.filter((profile) => profile !== 'podman');
  const kinds = ['Deployment', 'StatefulSet', 'Job'] as const;

  for (const profile of clusters) {
    it(`changes nothing, and kubectl says so: profile ${profile}`, () => {
      for (const kind of kinds) {
        for (const [name, settings] of Object.entries({ plain: {}, closed, wide })) {
          const written = manifestsOf({ resources: { 'sgx.intel.com/epc': '64Mi' }, ...settings, profile, kind });
          assert.deepEqual(applyTwice(written), { changes: [], diff: [] }, `${kind} ${name}`);
        }
      }
    });
  }

  it('changes nothing with claims, though kubectl says "configured": it sends their list whole', () => {
    const claims: Partial<DeploySettings> = {
      kind: 'StatefulSet',
      volumes: [{ name: 'state', target: '/state', type: 'persistent', size: '2048Mi' }],
    };
    const { changes, diff } = applyTwice(manifestsOf(claims));
    assert.deepEqual(diff, []);
    assert.equal(changes.length, 1);
    assert.match(changes.join(), /^StatefulSet\.spec\.volumeClaimTemplates: /);
  });

  it('changes what was changed, and removes what is gone', () => {
    const server = createServerModel();
    for (const manifest of manifestsOf({ ...wide, kind: 'Deployment' })) server.apply(manifest);
    const changes = manifestsOf({ ...wide, kind: 'Deployment', connect: [], env: {} }).flatMap(server.apply);
    assert.ok(changes.includes('NetworkPolicy.spec.egress is removed'), changes.join('\n'));
    assert.ok(
      changes.some((change) => change.endsWith('.env[name="PLAIN"] is removed')),
      changes.join('\n'),
    );
  });
});

describe('the model of the API server', () => {
  const metadata = { name: 'a', namespace: 'b' };
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata };
  const ofPod = (spec: object): PlainManifest => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { selector: {}, template: { spec } },
  });
  const ofContainer = (container: object): PlainManifest =>
    ofPod({ containers: [{ name: 'a', image: 'a:1', ...container }] });

  it('finds what each apply writes again', () => {
    const found = (manifest: PlainManifest): readonly string[] => applyTwice([manifest]).changes;
    const both = ['Ingress', 'Egress'];
    assert.deepEqual(found({ ...policy, spec: { podSelector: {}, policyTypes: both, egress: [] } }), [
      'NetworkPolicy.spec.egress: nothing is [] in the manifest',
    ]);
    // Compared whole, so that a default makes a difference.
    const rule = (port: object) => ({
      ...policy,
      spec: { podSelector: {}, policyTypes: both, egress: [{ ports: [port] }] },
    });
    assert.equal(found(rule({ port: 53 })).length, 1);
    assert.deepEqual(found(rule({ port: 53, protocol: 'TCP' })), []);
    assert.deepEqual(found({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { a: 'b' } }), [
      'Secret.stringData: nothing is {"a":"b"} in the manifest',
    ]);
    assert.deepEqual(found({ apiVersion: 'v1', kind: 'Secret', metadata, data: { a: 'Yg==' } }), []);
    assert.match(found(ofContainer({ resources: { limits: { cpu: '1000m' } } })).join(), /limits\.cpu: "1" is "1000m"/);
    assert.match(found(ofContainer({ resources: { limits: { cpu: 0.5 } } })).join(), /limits\.cpu: "500m" is 0\.5/);
    assert.match(found(ofContainer({ env: [{ name: 'A', value: '' }] })).join(), /\.value: nothing is ""/);
    assert.match(found(ofContainer({ command: [] })).join(), /\.command: nothing is \[\]/);
    assert.match(found(ofPod({ containers: [], nodeSelector: null })).join(), /\.nodeSelector: nothing is null/);
    const ports = [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }];
    assert.match(found(ofContainer({ ports })).join(), /ports has containerPort 53 twice/);
    // By the merge key: kubectl does not send what it did not say.
    assert.deepEqual(found(ofContainer({ ports: [{ containerPort: 53 }] })), []);
  });

  it('counts generations where the server does', () => {
    const manifest = { ...policy, spec: { podSelector: {}, policyTypes: ['Egress'], egress: [] } };
    assert.deepEqual(applyTwice([manifest]).diff, ['NetworkPolicy/a has generation 2']);
    assert.deepEqual(applyTwice([ofContainer({ command: [] })]).diff, []);
  });

  it('knows only what it has read: no kind, field or type besides', () => {
    const apply = (manifest: PlainManifest) => () => createServerModel().apply(manifest);
    assert.throws(apply({ apiVersion: 'v1', kind: 'Pod', metadata }), /does not know Pod/);
    assert.throws(apply(ofContainer({ comand: [] })), /unknown field .*comand/);
    assert.throws(apply(ofContainer({ command: 'a' })), /command must be a list/);
  });
});
