import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  firstSettings,
  parseDeploySettings,
  planDeployment,
  profiles,
  renderDeployment,
  settingsText,
} from '../../src/index.ts';
import { lintManifests } from '../../src/lint/index.ts';

const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
const mebibyte = 1024 * 1024;
const enclave = {
  name: 'auction',
  heapSizeBytes: 64 * mebibyte,
  listen: [
    { name: 'clients', port: 8443 },
    { name: 'admin', port: 8444 },
  ],
  connect: [],
};

describe('settings to begin with', () => {
  it('are the ports of the enclave, a probe that can succeed, and bounds', () => {
    assert.deepEqual(firstSettings(enclave), {
      name: 'auction',
      kind: 'Deployment',
      resources: { cpu: '500m', memory: '384Mi' },
      listen: enclave.listen,
      service: { type: 'ClusterIP' },
      probes: { readiness: { tcp: 'clients' } },
    });
  });

  it('are a Job with a deadline for an enclave that does not listen', () => {
    assert.deepEqual(firstSettings({ ...enclave, listen: [] }), {
      name: 'auction',
      kind: 'Job',
      resources: { cpu: '500m', memory: '384Mi' },
      job: { deadlineSeconds: 600 },
    });
  });

  it('give memory for the whole heap', () => {
    const memory = (heapSizeBytes: number | bigint) =>
      firstSettings({ ...enclave, heapSizeBytes }).resources?.['memory'];
    assert.deepEqual([0, mebibyte, 128 * mebibyte, 128 * mebibyte + 1].map(memory), [
      '256Mi',
      '384Mi',
      '384Mi',
      '512Mi',
    ]);
    assert.equal(memory(BigInt(mebibyte) * 1024n * 4n), '4352Mi');
  });

  it('give memory for every process of a companion', () => {
    const companions = [
      { processes: 2, memoryBytes: 1024 * mebibyte },
      { processes: 1, memoryBytes: BigInt(mebibyte) * 128n },
    ];
    // 256 + 64 + 2 * (64 + 1024) + 64 + 128, in steps of 128.
    assert.equal(firstSettings({ ...enclave, companions }).resources?.['memory'], '2688Mi');
  });

  it('shorten names to what Kubernetes takes, and keep them apart', () => {
    const long = 'a-very-long-name-of-an-enclave-that-has-sixty-three-letters-of-x';
    const { name, listen, probes } = firstSettings({
      ...enclave,
      name: long,
      listen: [1, 2, 3].map((port) => ({ name: `connections-of-clients-${port}`, port })),
    });
    assert.equal(name, long.slice(0, 52).replace(/-$/, ''));
    assert.deepEqual(listen, [
      { name: 'connections-of', port: 1 },
      { name: 'connections-2', port: 2 },
      { name: 'connections-3', port: 3 },
    ]);
    assert.deepEqual(probes, { readiness: { tcp: 'connections-of' } });
  });

  it('are settings that deploy takes, and that give manifests without a finding, in any profile', () => {
    for (const listen of [enclave.listen, []]) {
      const given = { ...enclave, listen };
      const text = settingsText(firstSettings(given), './schema.json');
      const settings = parseDeploySettings(text);
      assert.equal(settings.$schema, './schema.json');
      for (const profile of profiles) {
        const plan = planDeployment({ settings, flags: { image, profile, epc: '64Mi' }, network: given });
        const files = renderDeployment(plan, 'yaml').map(({ name, content }) => ({ name, text: content }));
        const { findings } = lintManifests(files, { now: new Date('2026-06-01') });
        assert.deepEqual(
          findings.map(({ code, text: words }) => `${profile} ${code}: ${words}`),
          [],
        );
      }
    }
  });
});
