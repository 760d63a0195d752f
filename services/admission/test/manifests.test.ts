import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { podSecurityOf, type PodSecuritySpec } from '@enclos/testkit';
import { load } from 'js-yaml';
import { applyTwice, type PlainManifest } from '@enclos/testkit';
import { webhookFiles } from '../src/manifests/files.ts';
import type { ManifestOptions } from '../src/manifests/options.ts';
import { makeTrust } from './trust.ts';

const options: ManifestOptions = {
  name: 'enclos-admission',
  namespace: 'enclos-admission',
  image: `registry.example/enclos-admission@sha256:${'0'.repeat(64)}`,
  replicas: 2,
  apiServerNetworks: [],
  secretName: 'enclos-admission',
  hasCertManager: false,
  hasMonitoring: false,
};

/** One of the files as the object that it holds. */
function read<T>(given: ManifestOptions, name: string): T {
  const file = webhookFiles(given).find((one) => one.name === name);
  assert.ok(file !== undefined, name);
  return load(file.text) as T;
}

describe('the manifests', () => {
  test('are those of the folder manifests/, which readers see', () => {
    const folder = fileURLToPath(new URL('../../manifests/', import.meta.url));
    const files = webhookFiles(options);
    assert.deepEqual(readdirSync(folder).toSorted(), files.map(({ name }) => name).toSorted());
    for (const { name, text } of files) assert.equal(readFileSync(`${folder}${name}`, 'utf8'), text, name);
  });

  test('change nothing when they are applied again', async () => {
    const more = { apiServerNetworks: ['10.1.0.0/24'], monitoringNamespace: 'watch', trust: await makeTrust() };
    for (const given of [options, { ...options, ...more }]) {
      const manifests = webhookFiles(given).map(({ text }) => load(text) as PlainManifest);
      assert.deepEqual(applyTwice(manifests), { changes: [], diff: [] });
    }
  });

  test('ask for reviews of pods that ask, and fail open', () => {
    const { webhooks } = read<{ webhooks: readonly object[] }>(options, 'webhook-configuration.yaml');
    assert.equal(webhooks.length, 1);
    const { rules, objectSelector, failurePolicy, reinvocationPolicy, sideEffects, ...more } = webhooks[0] as {
      [name: string]: unknown;
    };
    assert.deepEqual(rules, [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
    ]);
    assert.deepEqual(objectSelector, { matchLabels: { 'enclos.dev/inject': 'enabled' } });
    assert.deepEqual([failurePolicy, reinvocationPolicy, sideEffects], ['Ignore', 'IfNeeded', 'None']);
    assert.deepEqual(more['admissionReviewVersions'], ['v1']);
    assert.match(JSON.stringify(more['namespaceSelector']), /NotIn.*kube-system.*enclos-admission/);
  });

  test('give the webhook no privilege and no token', () => {
    const files = webhookFiles(options);
    assert.doesNotMatch(
      files.map(({ text }) => text).join(),
      /kind: (?:Cluster)?Role|hostPath|hostNetwork|privileged: true/,
    );
    const { spec } = read<{ spec: { template: { spec: Record<string, unknown> } } }>(options, 'deployment.yaml');
    const pod = spec.template.spec;
    assert.equal(pod['automountServiceAccountToken'], false);
    assert.deepEqual(pod['securityContext'], {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const [container] = pod['containers'] as readonly { securityContext: object }[];
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('satisfy the level of Pod Security that their namespace asks for, with every option', () => {
    for (const more of [{}, { hasCertManager: true, hasMonitoring: true, clientCa: 'x' }]) {
      const { spec } = read<{ spec: { template: { spec: PodSecuritySpec } } }>(
        { ...options, ...more },
        'deployment.yaml',
      );
      assert.deepEqual(podSecurityOf(spec.template.spec), { level: 'restricted', because: [] });
      const { metadata } = read<{ metadata: { labels: Record<string, string> } }>(options, 'namespace.yaml');
      assert.equal(metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
    }
  });

  test('let reviews in from the networks that are named, Prometheus from its namespace, and nothing out', () => {
    const apiServerAgent = { key: 'app', value: 'konnectivity-agent' };
    const more = { ...options, apiServerNetworks: ['10.1.0.0/24'], apiServerAgent, monitoringNamespace: 'watch' };
    const { spec } = read<{ spec: object }>(more, 'network-policy.yaml');
    assert.deepEqual(spec, {
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'enclos-admission', 'app.kubernetes.io/part-of': 'enclos' },
      },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [{ port: 8443, protocol: 'TCP' }],
          from: [
            { ipBlock: { cidr: '10.1.0.0/24' } },
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { app: 'konnectivity-agent' } },
            },
          ],
        },
        {
          ports: [{ port: 8081, protocol: 'TCP' }],
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'watch' } } }],
        },
      ],
    });
  });

  test('carry the bundle for API servers and the serving key in one secret file, and no key of the authority', async () => {
    const trust = await makeTrust();
    const files = webhookFiles({ ...options, caBundle: trust.bundle, keyPair: trust });
    assert.deepEqual(
      files.filter(({ isSecret }) => isSecret).map(({ name }) => name),
      ['secret.yaml'],
    );
    assert.ok(files.some(({ text }) => text.includes(Buffer.from(trust.key).toString('base64'))));
    for (const { isSecret, text } of files) {
      assert.doesNotMatch(text, /PRIVATE KEY/);
      assert.equal(text.includes(Buffer.from(trust.key).toString('base64')), isSecret);
    }
    const { webhooks } = read<{ webhooks: readonly { clientConfig: { caBundle: string } }[] }>(
      { ...options, caBundle: trust.bundle, keyPair: trust },
      'webhook-configuration.yaml',
    );
    assert.equal(Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString(), trust.bundle);
    const { data } = read<{ data: Readonly<Record<string, string>> }>(
      { ...options, caBundle: trust.bundle, keyPair: trust },
      'secret.yaml',
    );
    const secrets = Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString()]);
    assert.deepEqual(Object.fromEntries(secrets), { 'tls.crt': trust.cert, 'tls.key': trust.key });
  });
});
