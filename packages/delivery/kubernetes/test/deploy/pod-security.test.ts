import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podSecurityOf, type PodSecuritySpec } from '@enclos/testkit';
import { podOf } from './planned.ts';

describe('the Pod Security level of a profile', () => {
  const levelOf = (settings: Parameters<typeof podOf>[0]) => podSecurityOf(podOf(settings).spec);

  it('is restricted without a folder of the node', () => {
    for (const settings of [
      { profile: 'software' },
      { profile: 'aks-snp' },
      { profile: 'sgx', quoteProvider: 'in-process' },
      { profile: 'aks-sgx', quoteProvider: 'in-process' },
      { profile: 'sgx', quoteProvider: 'none' },
      { enclave: 'none' },
    ] as const) {
      assert.deepEqual(levelOf(settings), { level: 'restricted', because: [] }, JSON.stringify(settings));
    }
  });

  it('is privileged with the aesmd of the node, for that alone', () => {
    for (const profile of ['sgx', 'aks-sgx'] as const) {
      assert.deepEqual(levelOf({ profile }), { level: 'privileged', because: ['host paths'] }, profile);
    }
  });
});

describe('the check of levels', () => {
  const { spec } = podOf({ profile: 'software' });
  const [container] = spec.containers;
  const pod: PodSecuritySpec = spec;
  const withSecurity = (more: object): PodSecuritySpec => ({
    ...pod,
    containers: [{ ...container, securityContext: { ...container?.securityContext, ...more } }],
  });
  const cases: readonly (readonly [level: string, because: string, spec: PodSecuritySpec])[] = [
    ['privileged', 'host namespaces', { ...pod, hostPID: true }],
    ['privileged', 'privileged', withSecurity({ privileged: true })],
    ['privileged', 'capabilities', withSecurity({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } })],
    ['privileged', 'host paths', { ...pod, volumes: [{ name: 'a', hostPath: { path: '/a' } }] }],
    ['privileged', 'host ports', { ...pod, containers: [{ ...container, ports: [{ hostPort: 1 }] }] }],
    ['privileged', 'AppArmor', withSecurity({ appArmorProfile: { type: 'Unconfined' } })],
    ['privileged', 'SELinux', withSecurity({ seLinuxOptions: { type: 'spc_t' } })],
    ['privileged', '/proc mount', withSecurity({ procMount: 'Unmasked' })],
    ['privileged', 'seccomp', withSecurity({ seccompProfile: { type: 'Unconfined' } })],
    ['privileged', 'sysctls', { ...pod, securityContext: { ...pod.securityContext, sysctls: [{ name: 'kernel.a' }] } }],
    ['baseline', 'volume types', { ...pod, volumes: [{ name: 'a', nfs: {} }] }],
    ['baseline', 'privilege escalation', withSecurity({ allowPrivilegeEscalation: true })],
    ['baseline', 'running as non-root', withSecurity({ runAsNonRoot: false })],
    ['baseline', 'root user', withSecurity({ runAsUser: 0 })],
    ['baseline', 'capabilities', withSecurity({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } })],
    ['baseline', 'capabilities', withSecurity({ capabilities: {} })],
  ];
  for (const [level, because, given] of cases) {
    it(`sees ${because}`, () => assert.deepEqual(podSecurityOf(given), { level, because: [because] }));
  }
});
