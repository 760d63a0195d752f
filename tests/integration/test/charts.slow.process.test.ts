import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { webhookChart } from '@enclos/admission/chart';
import { chartFiles, fallbacks, type ChartSource, type Settings, type SettingValues } from '@enclos/charts';
import { lintManifests } from '@enclos/kubernetes/lint';
import { manifestFiles } from '@enclos/kubernetes/manifests';
import { agentChart } from '@enclos/node-agent/chart';
import { chartTest, type ManifestPrograms } from '@enclos/testkit';
import { loadAll } from 'js-yaml';

const release = 'of-the-release';
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
const digest = `@sha256:${'a'.repeat(64)}`;

interface AnyObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The objects of YAML, in an order of their own. */
function objectsOf(yaml: string): readonly AnyObject[] {
  const nameOf = ({ kind, metadata }: AnyObject): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
  const objects = loadAll(yaml).filter((object) => object !== null && object !== undefined) as AnyObject[];
  return objects.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Holds chart, base and lint to each other for some settings. */
function compare<S extends Settings>(
  source: ChartSource<S>,
  { renderCharts, kustomize }: ManifestPrograms,
  cases: readonly Partial<SettingValues<S>>[],
): void {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-charts-'));
  try {
    const chart = join(folder, 'chart');
    mkdirSync(join(chart, 'templates'), { recursive: true });
    for (const { name, text } of chartFiles(source)) writeFileSync(join(chart, name), text);
    // Helm has no word for a value that is absent.
    const written = cases.map((some) => {
      const values = { ...fallbacks(source.settings), ...some };
      return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']));
    });
    const rendered = renderCharts(written.map((values) => ({ chart, values, namespace: release })));
    for (const [index, some] of cases.entries()) {
      const given = { ...fallbacks(source.settings), ...some };
      const values = { ...given, namespace: given['namespace'] === '' ? release : given['namespace'] };
      const base = join(folder, `base-${index}`);
      mkdirSync(base);
      for (const { name, text } of manifestFiles(source.objects(values))) writeFileSync(join(base, name), text);
      const label = JSON.stringify(some);
      const [helm, built] = [rendered[index] ?? '', kustomize(base)];
      assert.deepEqual(objectsOf(helm), objectsOf(built), label);
      assert.ok(objectsOf(helm).length > 0, label);
      const { findings } = lintManifests([{ name: 'chart.yaml', text: helm }], { now: new Date('2026-11-28') });
      assert.deepEqual(findings, [], label);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the charts and the bases of kustomize make the same objects, which pass lint', () => {
  const agent = { image: `registry.example/agent${digest}` };
  chartTest('of the node agent', (programs) =>
    compare(agentChart, programs, [
      agent,
      { ...agent, createNamespace: true, namespace: 'enclos-node-agent' },
      { ...agent, cgroups: false },
      { ...agent, devices: 0, createNamespace: true, monitoring: true, collateralUrl: 'https://collateral.example/a' },
      { ...agent, monitoring: true, collateralConfigMap: 'collateral' },
      { ...agent, report: true, arm64: true, claims: 4 },
      { ...agent, amd64: false, arm64: true },
      { ...agent, collateralUrl: 'https://collateral.example/a?b=c' },
      { ...agent, devices: 64, hardware: false, ownVendor: true },
      { ...agent, name: 'mine', namespace: 'my-place', image: `registry.local:5000/a/b${digest}` },
    ]),
  );
  const webhook = { image: `registry.example/webhook${digest}`, caBundle: `${pem}\n` };
  const apiServerAgent = { apiServerAgentLabel: 'app', apiServerAgentValue: 'konnectivity-agent' };
  chartTest('of the webhook', (programs) =>
    compare(webhookChart, programs, [
      webhook,
      { ...webhook, createNamespace: true, namespace: 'enclos-admission', replicas: 5 },
      { ...webhook, apiServerNetworks: ['10.0.0.0/28', '10.1.0.0/28'], clientCa: pem },
      { ...webhook, ...apiServerAgent },
      { ...webhook, apiServerAgentLabel: 'app' },
      { ...webhook, ...apiServerAgent, apiServerNetworks: ['fd00::/64'], monitoringNamespace: 'watch' },
      { ...webhook, caBundle: undefined, certManager: true, monitoring: true },
      { ...webhook, certManager: true, secret: 'sealed', createNamespace: true },
      { ...webhook, name: 'mine', namespace: 'my-place', secret: 'sealed' },
    ]),
  );
});
