import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { dump } from 'js-yaml';
import { lintManifests, type LintFinding } from '../../src/lint/index.ts';
import { yamlLimits } from '@enclos/kubernetes-schema/yaml';

const options = { now: new Date('2026-11-26T00:00:00Z') };
const lint = (text: string, now = options.now): readonly LintFinding[] =>
  lintManifests([{ name: 'app.yaml', text }], { now }).findings;

const pod = (spec: object, metadata: object = {}): string =>
  dump({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', ...metadata }, spec });

const onSize = (size: string): string =>
  pod({
    nodeSelector: { 'node.kubernetes.io/instance-type': size },
    containers: [{ name: 'app', image: 'app:1.0', resources: { limits: { 'sgx.intel.com/epc': '10Mi' } } }],
  });

describe('lintManifests()', () => {
  it('says place, line and fix of a finding', () => {
    const [finding, ...others] = lint(
      '# head\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  container: []\n  containers: [{name: a, image: a}]\n',
    );
    assert.deepEqual(others, []);
    assert.deepEqual(finding, {
      code: 'K8S_FIELD_UNKNOWN',
      severity: 'error',
      text: 'unknown field "spec.container"',
      file: 'app.yaml',
      line: 7,
      column: 3,
      length: 9,
      lineText: '  container: []',
      notes: [],
      suggestion: '"containers" — did you mean that?',
    });
  });

  it('goes by the day that it is given, for sizes of Azure', () => {
    const day = (text: string, size: string) =>
      lint(onSize(size), new Date(text)).map(({ code, text: words }) => `${code} ${words}`);
    assert.deepEqual(day('2026-10-31', 'Standard_DC4s_v3'), [
      'AZURE_SIZE_RETIRING Standard_DC4s_v3: new subscriptions cannot get it from 2026-11-01 on, and Azure retires DCsv3 and DCdsv3 on 2029-10-31',
    ]);
    assert.match(day('2026-11-01', 'Standard_DC4s_v3').join(), /have not been able to get it since 2026-11-01/);
    assert.match(day('2029-10-30', 'Standard_DC48ds_v3').join(), /^AZURE_SIZE_RETIRING/);
    assert.match(day('2029-10-31', 'Standard_DC48ds_v3').join(), /^AZURE_SIZE_RETIRED/);
    assert.match(day('2026-06-29', 'Standard_DC1s_v2').join(), /^AZURE_SIZE_RETIRING/);
    assert.match(day('2026-06-30', 'Standard_DC1s_v2').join(), /^AZURE_SIZE_RETIRED/);
    assert.deepEqual(day('2040-01-01', 'Standard_DC4as_v6'), []);
  });

  it('tells the new spelling of EPC, with its value in bytes', () => {
    for (const name of ['kubernetes.azure.com/sgx_epc_mem_in_MiB', 'sgx.intel.com/sgx_epc_mem_in_MiB']) {
      const text = pod({ containers: [{ name: 'app', image: 'app:1.0', resources: { limits: { [name]: 10 } } }] });
      assert.deepEqual(
        lint(text).map(({ code, suggestion }) => [code, suggestion]),
        [['SGX_EPC_SPELLING', 'sgx.intel.com/epc: "10Mi"']],
      );
    }
  });

  it('hints at templates that were not rendered', () => {
    const [finding] = lint('apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n');
    assert.equal(finding?.code, 'K8S_YAML_INVALID');
    assert.match(finding.suggestion, /Render/);
  });

  it('looks into every item of a List', () => {
    const items = [1, 2].map((index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `map-${index}` } }));
    const { findings, documents } = lintManifests(
      [{ name: 'list.json', text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 1) }],
      options,
    );
    assert.equal(documents, 1);
    assert.deepEqual(findings, []);
    const broken = {
      apiVersion: 'v1',
      kind: 'List',
      items: [...items, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }],
    };
    assert.deepEqual(
      lint(JSON.stringify(broken)).map(({ code }) => code),
      ['K8S_FIELD_MISSING'],
    );
  });

  it('keeps at most a hundred findings of one document, and reads on', () => {
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field${index}`, 1]));
    const containers = [{ name: 'app', image: 'app:1.0' }];
    const text = `${pod({ containers, ...fields })}---\n${pod({ containers, one: 1 })}`;
    assert.equal(lint(text).length, 101);
  });

  it('refuses a file that is too large, without reading it', () => {
    const findings = lint(`#${'x'.repeat(yamlLimits.maxLength)}`);
    assert.deepEqual(
      findings.map(({ code, line }) => [code, line]),
      [['K8S_YAML_INVALID', 1]],
    );
  });

  it('holds nodes of one file against pods of another', () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      status: { allocatable: { 'sgx.intel.com/epc': '8Mi' } },
    };
    const { findings } = lintManifests(
      [
        { name: 'pod.yaml', text: onSize('Standard_D4s_v5') },
        { name: 'nodes.yaml', text: dump(node) },
      ],
      options,
    );
    assert.deepEqual(
      findings.map(({ file, code }) => [file, code]),
      [['pod.yaml', 'SGX_EPC_OVERCOMMIT']],
    );
  });

  it('takes any object of known kinds without throwing, and points into the text', () => {
    const kind = fc.constantFrom(
      ['v1', 'Pod'],
      ['apps/v1', 'Deployment'],
      ['batch/v1', 'CronJob'],
      ['v1', 'Node'],
      ['v1', 'List'],
      ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
    );
    const key = fc.constantFrom(
      'metadata',
      'spec',
      'template',
      'containers',
      'name',
      'image',
      'env',
      'volumes',
      'hostPath',
      'path',
      'resources',
      'limits',
      'sgx.intel.com/epc',
      'annotations',
      'items',
      'webhooks',
      'tolerations',
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant('10Mi')),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(kind, fc.dictionary(key, tree, { maxKeys: 5 }), ([apiVersion, name], body) => {
        const text = dump({ apiVersion, kind: name, ...body });
        const lines = text.split('\n');
        for (const { line, column, lineText } of lint(text)) {
          assert.equal(lines[line - 1], lineText);
          assert.ok(column <= (lineText ?? '').length + 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
