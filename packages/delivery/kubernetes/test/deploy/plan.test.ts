import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { load, loadAll } from 'js-yaml';
import {
  planDeployment,
  profiles,
  renderDeployment,
  type DeploySettings,
  type KubernetesObject,
} from '../../src/index.ts';
import { lintManifests } from '../../src/lint/index.ts';
import { base, find, objectsOf, podOf, refuses } from './planned.ts';

describe('planDeployment()', () => {
  it('gives every profile and kind the same restrictions', () => {
    for (const profile of profiles) {
      const { spec, container } = podOf({ profile });
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.enableServiceLinks, false);
      assert.equal(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC, undefined);
      const { runAsNonRoot, runAsUser, runAsGroup, seccompProfile } = spec.securityContext ?? {};
      assert.deepEqual([runAsNonRoot, runAsUser, runAsGroup], [true, 65_532, 65_532]);
      assert.deepEqual(seccompProfile, { type: 'RuntimeDefault' });
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.deepEqual(container.resources?.limits, container.resources?.requests);
    }
  });

  it('asks for the device of the platform', () => {
    const limits = (profile: DeploySettings['profile'], settings: Partial<DeploySettings> = {}) =>
      Object.entries(podOf({ profile, ...settings }).container.resources?.limits ?? {}).filter(([name]) =>
        name.includes('/'),
      );
    assert.deepEqual(limits('software'), [['enclos.dev/software-sgx', '1']]);
    assert.deepEqual(limits('aks-snp'), [['enclos.dev/software-sgx', '1']]);
    assert.deepEqual(limits('podman'), []);
    assert.deepEqual(limits('aks-sgx'), [['sgx.intel.com/epc', '64Mi']]);
    assert.deepEqual(limits('sgx'), [
      ['sgx.intel.com/epc', '64Mi'],
      ['sgx.intel.com/enclave', '1'],
    ]);
    assert.deepEqual(limits('aks-sgx', { quoteProvider: 'in-process' }), [
      ['sgx.intel.com/epc', '64Mi'],
      ['sgx.intel.com/provision', '1'],
    ]);
  });

  it('refuses more than one software device, with the sentence that lint, the webhook and the agent have', () => {
    const resources = { 'enclos.dev/software-sgx': 2 };
    refuses('DEPLOY_SETTINGS_INVALID', /^A container has at most one enclos\.dev\/software-sgx: one serves/, {
      resources,
    });
    refuses('DEPLOY_SETTINGS_INVALID', /the profile asks for the devices/, {
      resources: { 'enclos.dev/software-sgx': 1 },
    });
  });

  it('reads EPC in each spelling, and writes one', () => {
    for (const [name, value] of [
      ['sgx.intel.com/epc', '10Mi'],
      ['sgx.intel.com/epc', 10_485_760],
      ['kubernetes.azure.com/sgx_epc_mem_in_MiB', 10],
      ['sgx.intel.com/sgx_epc_mem_in_MiB', '10'],
    ] as const) {
      const { container } = podOf({ profile: 'aks-sgx', resources: { [name]: value } });
      assert.deepEqual(container.resources?.limits, { 'sgx.intel.com/epc': '10Mi' });
    }
    const { container } = podOf(
      { profile: 'sgx', resources: { 'sgx.intel.com/sgx_epc_mem_in_MiB': 5 } },
      { flags: { epc: '1Gi' } },
    );
    assert.equal(container.resources?.limits?.['sgx.intel.com/epc'], '1Gi');
  });

  it('mounts the quote provider, by profile and setting', () => {
    const wired = (settings: Partial<DeploySettings>) => {
      const { spec, container } = podOf({ listen: [], ...settings });
      return [
        (spec.volumes ?? []).map(({ hostPath }) => hostPath?.path),
        (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
        (container.env ?? []).map(({ name, value }) => `${name}=${value ?? ''}`),
      ];
    };
    const aesmd = [['/var/run/aesmd'], ['/var/run/aesmd'], ['SGX_AESM_ADDR=1']];
    assert.deepEqual(wired({ profile: 'sgx' }), aesmd);
    assert.deepEqual(wired({ profile: 'aks-sgx' }), aesmd);
    assert.deepEqual(wired({ profile: 'sgx', quoteProvider: 'in-process' }), [[], [], []]);
    assert.deepEqual(wired({ profile: 'sgx', quoteProvider: 'none' }), [[], [], []]);
    const platform = ['ENCLOS_PLATFORM=/run/enclos/platform.sock'];
    assert.deepEqual(wired({ profile: 'software' }), [[], [], platform]);
    const ofUser = ['ENCLOS_PLATFORM=/run/enclos/host-65532.sock'];
    assert.deepEqual(wired({ profile: 'podman' }), [['/run/enclos'], ['/run/enclos'], ofUser]);
    assert.deepEqual(wired({ profile: 'software', env: { ENCLOS_PLATFORM: 'own' } })[2], ['ENCLOS_PLATFORM=own']);
  });

  it('gives pods without an enclave nothing of the platform, in any profile', () => {
    for (const profile of profiles) {
      const { spec, container } = podOf({ profile, enclave: 'none', resources: { memory: '64Mi' } });
      assert.deepEqual(container.resources?.limits, { memory: '64Mi' }, profile);
      assert.deepEqual([container.env, spec.volumes, container.volumeMounts], [undefined, undefined, undefined]);
      assert.deepEqual([spec.tolerations, spec.nodeSelector], [undefined, undefined]);
      assert.match(planDeployment({ settings: { ...base, profile, enclave: 'none' } }).boundary, /^none: /);
    }
  });

  it('has no EPC for pods without an enclave', () => {
    const { container } = podOf({ profile: 'sgx', enclave: 'none' });
    assert.deepEqual(container.resources?.limits, { memory: '256Mi' });
  });

  it('denies all traffic but what is declared', () => {
    const policy = find(
      objectsOf({
        listen: [
          { name: 'https', port: 8443 },
          { name: 'admin', port: 9000, from: [{ podLabels: { app: 'ops' }, namespaceLabels: { team: 'ops' } }] },
        ],
        connect: [
          { name: 'db', host: 'db.example', port: 5432, to: [{ cidr: '10.1.0.0/16' }] },
          { name: 'v4', host: '10.0.0.1', port: 443 },
          { name: 'v6', host: '2001:db8::1', port: 443 },
        ],
      }),
      'NetworkPolicy',
    );
    assert.deepEqual(policy.spec?.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(policy.spec?.podSelector, { matchLabels: { 'app.kubernetes.io/name': 'app' } });
    assert.deepEqual(policy.spec?.ingress, [
      { from: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: 8443 }] },
      {
        from: [{ podSelector: { matchLabels: { app: 'ops' } }, namespaceSelector: { matchLabels: { team: 'ops' } } }],
        ports: [{ protocol: 'TCP', port: 9000 }],
      },
    ]);
    const [dns, ...egress] = policy.spec?.egress ?? [];
    assert.deepEqual(
      dns?.ports?.map(({ port }) => port),
      [53, 53],
    );
    assert.deepEqual(
      egress.map(({ to }) => to?.map(({ ipBlock }) => ipBlock?.cidr)),
      [['10.1.0.0/16'], ['10.0.0.1/32'], ['2001:db8::1/128']],
    );
    const closed = find(objectsOf({ listen: [], connect: [] }), 'NetworkPolicy').spec;
    assert.deepEqual(closed?.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(Object.keys(closed ?? {}), ['podSelector', 'policyTypes']);
  });

  it('opens a port to all clients with a public service only, and says what a name opens', () => {
    const plan = planDeployment({
      settings: {
        ...base,
        service: { type: 'LoadBalancer' },
        connect: [{ name: 'db', host: 'db.example', port: 5432 }],
      },
    });
    assert.deepEqual(find(plan.objects, 'NetworkPolicy').spec?.ingress, [{ ports: [{ protocol: 'TCP', port: 8443 }] }]);
    assert.match(plan.notes.join(), /port 5432 of every host is open for db\.example/);
  });

  it('takes ports and destinations from enclave.json, unless deploy.json has them', () => {
    const network = {
      listen: [{ name: 'a-long-name-of-a-port', port: 1234 }],
      connect: [{ name: 'db', host: '10.0.0.1', port: 5432 }],
    };
    const { listen: _listen, ...settings } = base;
    const { objects } = planDeployment({ settings, network });
    assert.deepEqual(
      find(objects, 'Service').spec?.ports?.map(({ name, port }) => [name, port]),
      [['a-long-name-of', 1234]],
    );
    assert.equal(find(objects, 'NetworkPolicy').spec?.egress?.length, 1);
    assert.equal(find(objectsOf({ listen: [] }, { network }), 'NetworkPolicy').spec?.ingress, undefined);
  });

  it('gives a StatefulSet claims and a headless Service', () => {
    const objects = objectsOf({
      kind: 'StatefulSet',
      service: { type: 'LoadBalancer' },
      volumes: [{ name: 'data', target: '/data', type: 'persistent', size: '2Gi' }],
    });
    const services = objects.filter(({ kind }) => kind === 'Service') as Extract<
      KubernetesObject,
      { kind: 'Service' }
    >[];
    assert.deepEqual(
      services.map(({ metadata, spec }) => [metadata.name, spec?.clusterIP, spec?.type]),
      [
        ['app', 'None', undefined],
        ['app-public', undefined, 'LoadBalancer'],
      ],
    );
    const [claim] = find(objects, 'StatefulSet').spec?.volumeClaimTemplates ?? [];
    assert.deepEqual(claim?.spec?.resources?.requests, { storage: '2Gi' });
  });

  it('gives the pods of a StatefulSet one claim when the volume names it', () => {
    const { spec } = find(
      objectsOf({
        kind: 'StatefulSet',
        volumes: [
          { name: 'state', target: '/state', type: 'persistent', size: '1Gi' },
          { name: 'models', target: '/models', type: 'persistent', from: 'all-models', readOnly: true },
        ],
      }),
      'StatefulSet',
    );
    assert.deepEqual(
      spec?.volumeClaimTemplates?.map(({ metadata }) => metadata?.name),
      ['state'],
    );
    const claims = spec?.template.spec?.volumes?.filter(
      ({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined,
    );
    assert.deepEqual(claims, [{ name: 'models', persistentVolumeClaim: { claimName: 'all-models' } }]);
    const mounts = spec?.template.spec?.containers[0]?.volumeMounts?.map(({ name }) => name) ?? [];
    assert.ok(['state', 'models'].every((name) => mounts.includes(name)));
  });

  it('ends the only pod of a Deployment with a claim before the next one begins', () => {
    const strategyOf = (settings: Partial<DeploySettings>): unknown =>
      find(objectsOf(settings), 'Deployment').spec?.strategy;
    const volume = { name: 'data', target: '/data', type: 'persistent' } as const;
    const volumes = [volume];
    assert.deepEqual(strategyOf({ replicas: 1, volumes }), { type: 'Recreate' });
    assert.equal(strategyOf({ replicas: 2, volumes }), undefined);
    assert.equal(strategyOf({ replicas: 1, volumes: [{ ...volume, type: 'ephemeral' }] }), undefined);
    assert.equal(strategyOf({ replicas: 1, volumes, profile: 'podman', image: 'localhost/app:1' }), undefined);
  });

  it('spreads pods and keeps some of them, when there are several', () => {
    const kinds = (settings: Partial<DeploySettings>) => objectsOf(settings).map(({ kind }) => kind);
    assert.ok(kinds({}).includes('PodDisruptionBudget'));
    assert.ok(!kinds({ replicas: 1 }).includes('PodDisruptionBudget'));
    assert.equal(podOf({}).spec.topologySpreadConstraints?.[0]?.topologyKey, 'kubernetes.io/hostname');
    assert.equal(
      podOf({ spread: 'zone' }).spec.topologySpreadConstraints?.[0]?.topologyKey,
      'topology.kubernetes.io/zone',
    );
    assert.equal(podOf({ spread: 'none' }).spec.topologySpreadConstraints, undefined);
    assert.equal(podOf({ replicas: 1 }).spec.topologySpreadConstraints, undefined);
  });

  it('selects confidential nodes on AKS, and says that they are the boundary', () => {
    const plan = planDeployment({ settings: { ...base, profile: 'aks-snp' } });
    const template = find(plan.objects, 'Deployment').spec?.template;
    assert.deepEqual(template?.spec?.nodeSelector, { 'kubernetes.azure.com/security-type': 'ConfidentialVM' });
    assert.match(template.metadata?.annotations?.['dev.enclos.boundary'] ?? '', /^the node/);
  });

  it('tolerates the usual taint of nodes with SGX', () => {
    assert.deepEqual(podOf({ profile: 'sgx', tolerations: [{ key: 'own', operator: 'Exists' }] }).spec.tolerations, [
      { key: 'sgx.intel.com/epc', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'own', operator: 'Exists' },
    ]);
    assert.equal(podOf({ profile: 'software' }).spec.tolerations, undefined);
  });

  it('leaves out of podman what podman does not have', () => {
    const plan = planDeployment({
      settings: {
        ...base,
        profile: 'podman',
        image: 'localhost/app:1.0',
        namespace: 'team',
        softwareRoots: { fingerprints: ['ab'.repeat(32)] },
      },
    });
    assert.deepEqual(
      plan.objects.map(({ kind, metadata }) => [kind, metadata.namespace]),
      [
        ['ConfigMap', undefined],
        ['Deployment', undefined],
      ],
    );
    const { spec, container } = podOf({ profile: 'podman', nodeSelector: { a: 'b' } });
    assert.deepEqual(
      [spec.nodeSelector, spec.tolerations, spec.serviceAccountName, container.readinessProbe],
      [undefined, undefined, undefined, undefined],
    );
    assert.equal(container.ports?.[0]?.hostPort, 8443);
    assert.ok(plan.notes.length > 0);
  });

  it('refuses images without a digest, on a cluster', () => {
    for (const tag of ['app:latest', 'app:1.0', 'app']) {
      refuses('DEPLOY_IMAGE_UNPINNED', /digest/, { image: `registry.example/${tag}` });
    }
    refuses('DEPLOY_IMAGE_UNPINNED', /digest/, { profile: 'podman', image: 'localhost/app:latest' });
    refuses('DEPLOY_SETTINGS_INVALID', /image reference/, {}, { flags: { image: 'No Image' } });
    const { image: _image, ...settings } = base;
    assert.throws(
      () => planDeployment({ settings }),
      (error) => isEnclosError(error, 'DEPLOY_SETTINGS_INVALID'),
    );
  });

  it('refuses what a profile cannot do', () => {
    refuses('DEPLOY_PROFILE_UNFIT', /StatefulSet/, { profile: 'podman', kind: 'StatefulSet' });
    refuses('DEPLOY_PROFILE_UNFIT', /memory volume "a"/, {
      profile: 'podman',
      volumes: [{ name: 'a', target: '/a', type: 'memory' }],
    });
    refuses('DEPLOY_PROFILE_UNFIT', /needs EPC/, { profile: 'sgx', resources: {} });
    const enclave = {
      mrEnclave: '00'.repeat(32),
      mrSigner: '11'.repeat(32),
      productId: 1,
      securityVersion: 1,
      debug: true,
    };
    refuses('DEPLOY_PROFILE_UNFIT', /debug/, { profile: 'aks-sgx', enclave });
    refuses('DEPLOY_PROFILE_UNFIT', /size/, {
      kind: 'StatefulSet',
      volumes: [{ name: 'a', target: '/a', type: 'persistent' }],
    });
  });

  it('refuses resources that it cannot mean', () => {
    refuses('DEPLOY_SETTINGS_INVALID', /twice/, {
      profile: 'sgx',
      resources: { 'sgx.intel.com/epc': '1Mi', 'kubernetes.azure.com/sgx_epc_mem_in_MiB': 1 },
    });
    refuses('DEPLOY_SETTINGS_INVALID', /whole number/, { profile: 'sgx', resources: { 'sgx.intel.com/epc': '0.5' } });
    refuses('DEPLOY_SETTINGS_INVALID', /devices/, { resources: { 'sgx.intel.com/enclave': 1 } });
    refuses('DEPLOY_SETTINGS_INVALID', /devices/, { resources: { 'sgx.intel.com/ecp': 1 } });
    const { listen: _listen, ...settings } = base;
    assert.throws(
      () => planDeployment({ settings: { ...settings, probes: { liveness: { tcp: 'nowhere' } } } }),
      (error) => isEnclosError(error, 'DEPLOY_SETTINGS_INVALID') && /nowhere/.test(error.message),
    );
  });
});

describe('roots of software platforms', () => {
  const pem = (name: string): string =>
    readFileSync(new URL(`../../../test/data/roots/${name}.pem`, import.meta.url), 'utf8');
  // As OpenSSL has them: openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | sha256sum
  const one = '2b0fea624e10584e142cb0248b0246e53a4b82952a078d1203fb86b9c204f552';
  const two = '7ed5111d8fca6f99ae0967ac494e2098410ee6f8e43cb5ede856da840b3948ee';

  it('go into the config map that verifiers read, without what else the file holds', () => {
    const secret = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
    const objects = objectsOf(
      { softwareRoots: { fingerprints: [one, two], pem: 'roots.pem' } },
      { rootsPem: `${secret}${pem('one')}${pem('two')}` },
    );
    const { metadata, data } = find(objects, 'ConfigMap');
    assert.equal(metadata.name, 'enclos-software-roots');
    assert.equal(data?.['fingerprints'], `${one}\n${two}\n`);
    assert.equal(data['roots.pem'], `${pem('one').trim()}\n${pem('two').trim()}\n`);
    // A list of fingerprints, as in a policy, means the same as an object without certificates.
    assert.deepEqual(
      objectsOf({ softwareRoots: [one, two] }),
      objectsOf({ softwareRoots: { fingerprints: [one, two] } }),
    );
    const { spec, container } = podOf({ softwareRoots: { fingerprints: [one] } });
    assert.deepEqual(spec.volumes, [{ name: 'roots', configMap: { name: 'enclos-software-roots' } }]);
    assert.deepEqual(container.volumeMounts, [{ name: 'roots', mountPath: '/etc/enclos/roots', readOnly: true }]);
  });

  it('are mounted and not written, when the cluster has them', () => {
    assert.ok(objectsOf({ softwareRoots: 'present' }).every(({ kind }) => kind !== 'ConfigMap'));
    assert.equal(podOf({ softwareRoots: 'present' }).spec.volumes?.length, 1);
  });

  it('are those whose fingerprints are listed', () => {
    const given = (fingerprints: string[]) => ({ softwareRoots: { fingerprints, pem: 'roots.pem' } });
    refuses('DEPLOY_ROOTS_INVALID', /does not list/, given([one]), { rootsPem: pem('two') });
    refuses('DEPLOY_ROOTS_INVALID', /has no root/, given([one, two]), { rootsPem: pem('one') });
    refuses('DEPLOY_ROOTS_INVALID', /0 certificates/, given([one]), { rootsPem: 'nothing' });
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    refuses('DEPLOY_ROOTS_INVALID', /not a certificate/, given([one]), { rootsPem: broken });
  });
});

describe('what deploy writes', () => {
  const everything: Partial<DeploySettings> = {
    namespace: 'team',
    enclave: { mrEnclave: '00'.repeat(32), mrSigner: '11'.repeat(32), productId: 1, securityVersion: 2 },
    env: { PLAIN: 'yes', SECRET: { secret: 's', key: 'k' }, CONFIG: { configMap: 'c', key: 'k' } },
    connect: [{ name: 'db', host: 'db.example', port: 5432 }],
    service: { type: 'LoadBalancer', annotations: { note: 'on' } },
    probes: {
      startup: { http: { port: 'https', path: '/', scheme: 'HTTPS' } },
      liveness: { command: ['true'], periodSeconds: 5 },
    },
    volumes: [
      { name: 'a', target: '/a', type: 'ephemeral', size: '1Gi' },
      { name: 'b', target: '/b', type: 'memory' },
      { name: 'c', target: '/c', type: 'persistent', size: '1Gi' },
      { name: 'd', target: '/d', type: 'secret', from: 'other' },
      { name: 'e', target: '/e', type: 'configMap' },
    ],
    softwareRoots: { fingerprints: ['ab'.repeat(32)] },
    deviceGroups: [110],
    imagePullSecrets: ['registry'],
    serviceAccountAnnotations: { id: 'x' },
    terminationGracePeriodSeconds: 5,
  };
  const cases = profiles.flatMap((profile) =>
    (['Deployment', 'StatefulSet', 'Job'] as const)
      .filter((kind) => profile !== 'podman' || kind !== 'StatefulSet')
      .flatMap((kind) =>
        [base, { ...base, ...everything }].map((settings) => ({ ...fitting(settings, profile), profile, kind })),
      ),
  );

  /** podman has no memory volumes. */
  function fitting({ volumes = [], ...settings }: DeploySettings, profile: string): DeploySettings {
    return { ...settings, volumes: volumes.filter(({ type }) => profile !== 'podman' || type !== 'memory') };
  }

  it('has no finding of lint, in any profile', () => {
    for (const settings of cases) {
      for (const format of ['yaml', 'kustomize'] as const) {
        const files = renderDeployment(planDeployment({ settings }), format);
        const { findings } = lintManifests(
          files.map(({ name, content }) => ({ name, text: content })),
          { now: new Date('2026-11-26') },
        );
        assert.deepEqual(findings, [], `${settings.profile} ${settings.kind}`);
      }
    }
  });

  it('says the same in one file and in a kustomize base', () => {
    const plan = planDeployment({ settings: { ...base, ...everything } });
    const [yaml] = renderDeployment(plan, 'yaml');
    const [kustomization, ...files] = renderDeployment(plan, 'kustomize');
    assert.deepEqual(
      loadAll(yaml?.content ?? ''),
      files.map(({ content }) => load(content)),
    );
    assert.deepEqual(loadAll(yaml?.content ?? ''), JSON.parse(JSON.stringify(plan.objects)));
    const { resources } = load(kustomization?.content ?? '') as { resources: unknown };
    assert.deepEqual(
      resources,
      files.map(({ name }) => name),
    );
    assert.equal(new Set(files.map(({ name }) => name)).size, files.length);
  });

  it('starts with the profile and its boundary', () => {
    for (const { content } of renderDeployment(
      planDeployment({ settings: { ...base, profile: 'aks-snp' } }),
      'kustomize',
    )) {
      assert.match(content, /^# Written by `enclos deploy`\..*\n# Profile aks-snp\. Boundary: the node/);
    }
  });

  const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
  const skip = kubectl.status === 0 ? false : 'there is no kubectl: apt-get install kubectl';

  it('is a base that kubectl builds, object by object', { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'enclos-kustomize-'));
    try {
      const plan = planDeployment({ settings: { ...base, ...everything, kind: 'StatefulSet' } });
      for (const { name, content } of renderDeployment(plan, 'kustomize')) writeFileSync(join(folder, name), content);
      const built = loadAll(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })) as KubernetesObject[];
      const byName = (objects: readonly KubernetesObject[]) =>
        objects.toSorted((a, b) => `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`));
      assert.deepEqual(byName(built), byName(JSON.parse(JSON.stringify(plan.objects)) as KubernetesObject[]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
