import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { oneDeviceOnly } from '@enclos/kubernetes/software-device';
import { applyTwice, type PlainManifest } from '@enclos/testkit';
import { load } from 'js-yaml';
import { parseManifestOptions } from '../src/manifests/command.ts';
import { devicePolicy } from '../src/manifests/device-policy.ts';
import { daemonSet } from '../src/manifests/daemon-set.ts';
import { agentFiles } from '../src/manifests/files.ts';
import type { ManifestOptions } from '../src/manifests/options.ts';
import { podSecurityOf } from '@enclos/testkit';
import { agentPod } from './daemonset.ts';
import { optionsOf } from './support.ts';

const shown: ManifestOptions = {
  name: 'enclos-node-agent',
  namespace: 'enclos-node-agent',
  image: `registry.example/enclos-node-agent@sha256:${'0'.repeat(64)}`,
  devices: 20,
  claims: 0,
  isOwnVendor: true,
  hasCgroups: true,
  entersNode: true,
  hasHardware: true,
  architectures: ['amd64'],
  hasDevicePolicy: true,
  hasMonitoring: false,
};

describe('the manifests of the agent', () => {
  test('are those of the folder deploy/, which readers see', () => {
    const folder = fileURLToPath(new URL('../../deploy/', import.meta.url));
    const files = agentFiles(shown);
    assert.deepEqual(readdirSync(folder).toSorted(), files.map(({ name }) => name).toSorted());
    for (const { name, text } of files) assert.equal(readFileSync(`${folder}${name}`, 'utf8'), text, name);
  });

  test('change nothing when they are applied again', () => {
    for (const some of [
      {},
      { devices: 0, isOwnVendor: false, hasCgroups: false },
      { hasHardware: false },
      { hasDevicePolicy: false },
      { claims: 5 },
    ]) {
      const manifests = agentFiles({ ...shown, ...some }).map(({ text }) => load(text) as PlainManifest);
      assert.deepEqual(applyTwice(manifests), { changes: [], diff: [] });
    }
  });

  test('refuse more than one device in a container by a policy, unless that is not wanted', () => {
    const names = (some: Partial<ManifestOptions>) => agentFiles({ ...shown, ...some }).map(({ name }) => name);
    assert.ok(!names({ hasDevicePolicy: false }).some((name) => name.startsWith('device-policy')));
    const policies = names({}).filter((name) => name.startsWith('device-policy'));
    assert.deepEqual(policies, ['device-policy.yaml', 'device-policy-binding.yaml']);
    const { validations = [], failurePolicy } = devicePolicy(shown).spec ?? {};
    assert.deepEqual([validations.map(({ message }) => message), failurePolicy], [[oneDeviceOnly], 'Ignore']);
  });

  test('have a class, a role and a policy for claims, and none of them without', () => {
    const names = (claims: number) => agentFiles({ ...shown, claims }).map(({ name }) => name);
    const added = names(5).filter((name) => !names(0).includes(name));
    assert.deepEqual(added, [
      'service-account.yaml',
      'cluster-role.yaml',
      'cluster-role-binding.yaml',
      'device-class.yaml',
      'slice-policy.yaml',
      'slice-policy-binding.yaml',
    ]);
    const text = (file: string) => agentFiles({ ...shown, claims: 5 }).find(({ name }) => name === file)?.text ?? '';
    const { rules } = load(text('cluster-role.yaml')) as {
      readonly rules: readonly Record<string, readonly string[]>[];
    };
    assert.deepEqual(
      rules.map(({ resources = [], verbs = [] }) => `${resources.join()}: ${verbs.join()}`),
      ['nodes: get', 'resourceclaims: get', 'resourceslices: get,create,update'],
    );
    assert.match(text('slice-policy.yaml'), /system:serviceaccount:enclos-node-agent:enclos-node-agent/);
    assert.match(text('device-class.yaml'), /device\.driver == 'software-sgx\.enclos\.dev'/);
  });

  test('start the agent with options that it has, and folders for these, whatever is asked for', () => {
    for (const some of [
      { devices: 0, isOwnVendor: false, hasCgroups: false },
      { hasCgroups: false },
      { entersNode: false },
      { claims: 5 },
      { claims: 5, devices: 0 },
      { hasHardware: false },
      { allowsMissingIsolation: true },
    ]) {
      const { containers, volumes = [] } = daemonSet({ ...shown, ...some }).spec?.template.spec ?? { containers: [] };
      const [{ args = [], volumeMounts = [], command = [], securityContext } = {}] = containers;
      const { software, hardware } = optionsOf(...args.map((word) => word.replace('$(NODE_NAME)', 'node-1')));
      if (software !== undefined) assert.equal(software.allowsMissingIsolation, some.allowsMissingIsolation === true);
      const named = [software?.stateFolder, software?.runtimeFolder, software?.cacheFolder, software?.cgroupRoot];
      const { dra } = software ?? {};
      const forClaims =
        dra === undefined
          ? []
          : [
              `${dra.kubeletRoot}/plugins/software-sgx.enclos.dev`,
              `${dra.kubeletRoot}/plugins_registry`,
              dra.cdiFolder,
            ];
      const needed = [...named, software?.podResources, hardware?.deviceFolder, ...forClaims].filter(
        (folder) => folder !== undefined,
      );
      assert.deepEqual(
        volumeMounts.map(({ mountPath }) => mountPath).toSorted(),
        ['/var/lib/kubelet/device-plugins', ...needed].toSorted(),
      );
      assert.deepEqual(
        volumes.map(({ name }) => name),
        volumeMounts.map(({ name }) => name),
      );
      const enters = software?.cgroupRoot !== undefined && !('entersNode' in some);
      assert.equal(command.includes('nsenter'), enters);
      assert.equal(securityContext?.capabilities?.add?.includes('SYS_PTRACE') ?? false, enters);
    }
  });

  test('ask for what the mode uses, and for nothing else', () => {
    const ofSoftware = ['KILL', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN'];
    const table: readonly [Partial<ManifestOptions>, ...unknown[]][] = [
      [{}, ['hostPID'], [...ofSoftware, 'SYS_PTRACE'], 'Unconfined'],
      [{ entersNode: false }, ['hostPID'], ofSoftware, 'Unconfined'],
      [{ hasCgroups: false }, ['shareProcessNamespace'], ofSoftware, 'Unconfined'],
      [{ devices: 0, hasCgroups: false, isOwnVendor: false }, [], undefined, undefined],
    ];
    for (const [some, processes, capabilities, profile] of table) {
      const spec = daemonSet({ ...shown, ...some }).spec?.template.spec;
      const context = spec?.containers[0]?.securityContext;
      const ofPod = Object.keys(spec ?? {}).filter((key) => /^(host|share)/.test(key));
      assert.deepEqual(
        [ofPod, context?.capabilities?.drop, context?.capabilities?.add, context?.appArmorProfile?.type],
        [processes, ['ALL'], capabilities, profile],
      );
    }
  });
});

describe('the manifests for a vendor elsewhere', () => {
  const words = ['--folder', 'deploy', '--image', shown.image];

  test('mount the config map of the collateral, which may come later, and name its folder to the agent', () => {
    const request = parseManifestOptions([...words, '--collateral-config-map', 'enclos-collateral']);
    assert.ok(request !== undefined);
    const { containers, volumes = [] } = daemonSet(request.options).spec?.template.spec ?? { containers: [] };
    const [{ args = [], volumeMounts = [] } = {}] = containers;
    const name = 'collateral';
    assert.deepEqual(volumes.find((volume) => volume.name === name)?.configMap, {
      name: 'enclos-collateral',
      optional: true,
    });
    const mountPath = '/etc/enclos/collateral';
    assert.deepEqual(
      volumeMounts.find((mount) => mount.name === name),
      { name, mountPath, readOnly: true },
    );
    assert.deepEqual(optionsOf(...args).software?.collateral, { path: mountPath });
  });

  test('hand an address to the agent', () => {
    const url = 'https://vendor.example/{root}.json';
    const request = parseManifestOptions([...words, '--collateral-url', url]);
    assert.ok(request !== undefined);
    const [{ args = [] } = {}] = daemonSet(request.options).spec?.template.spec?.containers ?? [];
    assert.deepEqual(optionsOf(...args).software?.collateral, { url, authorityFile: undefined });
  });

  test('are refused with two sources of collateral, or a vendor here', () => {
    for (const [message, ...more] of [
      [/own-vendor makes its own/, '--own-vendor', '--collateral-config-map', 'c'],
      [/Give either/, '--collateral-url', 'https://v/c', '--collateral-config-map', 'c'],
      [/is a name of lower-case/, '--collateral-config-map', 'C_1'],
      [/--collateral-url is an http or https address/, '--collateral-url', 'ftp://v/c'],
    ] as const) {
      assert.throws(() => parseManifestOptions([...words, ...more]), { code: 'AGENT_USAGE', message });
    }
  });
});

describe('the DaemonSet', () => {
  const pod = agentPod();
  const [container] = pod.containers;

  test('starts the agent with options that it has, in the cgroup namespace of the node, and drops what that took', () => {
    const { software, hardware } = optionsOf(...container.args);
    const mounts = new Map(container.volumeMounts.map(({ mountPath, name }) => [mountPath, name]));
    const options = [software?.stateFolder, software?.runtimeFolder, software?.cacheFolder, software?.cgroupRoot];
    for (const folder of [...options, hardware?.deviceFolder]) assert.ok(mounts.has(folder ?? ''), folder);
    assert.deepEqual(container.command.slice(0, 3), ['nsenter', '--target=1', '--cgroup']);
    assert.ok(container.command.includes('--bounding-set=-sys_ptrace'));
  });

  test('mounts the sockets at the path that they have on the node, since the kubelet is told that path', () => {
    const { mountPath } = container.volumeMounts.find(({ name }) => name === 'sockets') ?? {};
    assert.equal(pod.volumes.find(({ name }) => name === 'sockets')?.hostPath.path, mountPath);
  });

  test('has room for all that pods may bring at once, so that none can end the agent of all', () => {
    const { software } = optionsOf(...container.args);
    const mebibyte = 1024 * 1024;
    const images = 2 * (software?.devices ?? 0) * (software?.maxImageBytes ?? 0);
    const messages = 256 * mebibyte;
    const agent = 256 * mebibyte;
    const [, limit = '0'] = /^(\d+)Mi$/.exec(container.resources.limits.memory) ?? [];
    assert.ok(images + messages + agent <= Number(limit) * mebibyte);
  });

  test('asks for the capabilities of the README, and for nothing else of the node but its process ids', () => {
    const { drop, add } = container.securityContext.capabilities;
    assert.deepEqual(drop, ['ALL']);
    assert.deepEqual(add, ['KILL', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_PTRACE']);
    assert.equal(container.securityContext.allowPrivilegeEscalation, false);
    assert.equal(pod.automountServiceAccountToken, false);
    const privileges = Object.keys(pod).filter((key) => key.startsWith('host'));
    assert.deepEqual(privileges, ['hostPID']);
    assert.equal(container.volumeMounts.find(({ name }) => name === 'dev')?.readOnly, true);
  });
});

describe('the manifests of an agent that reports to the cluster', () => {
  const report = { events: true, podEvents: false, condition: true, label: true };
  const rulesOf = (some: typeof report): unknown =>
    agentFiles({ ...shown, report: some })
      .map(({ text }) => load(text) as { kind: string; rules?: unknown })
      .filter(({ rules }) => rules !== undefined)
      .map(({ kind, rules }) => [kind, rules]);
  const status = { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] };
  const nodes = { apiGroups: [''], resources: ['nodes'], verbs: ['patch'] };
  const events = ['Role', [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }]];

  test('give it the rights for what was asked, and no others', () => {
    assert.deepEqual(rulesOf(report), [['ClusterRole', [status, nodes]], events]);
    assert.deepEqual(rulesOf({ ...report, label: false }), [['ClusterRole', [status]], events]);
    const ofPods = { apiGroups: [''], resources: ['events'], verbs: ['create'] };
    assert.deepEqual(rulesOf({ ...report, podEvents: true, events: false }), [
      ['ClusterRole', [ofPods, status, nodes]],
    ]);
    assert.deepEqual(rulesOf({ events: true, podEvents: false, condition: false, label: false }), [events]);
  });

  test('give it a token and the name of its node, which an agent that reports nothing does not have', () => {
    const {
      serviceAccountName,
      automountServiceAccountToken,
      containers = [],
    } = daemonSet({ ...shown, report }).spec?.template.spec ?? {};
    assert.deepEqual([serviceAccountName, automountServiceAccountToken], ['enclos-node-agent', true]);
    const args = (containers[0]?.args ?? []).map((word) => word.replace('$(NODE_NAME)', 'node-1'));
    assert.deepEqual(optionsOf(...args).report, { node: 'node-1', ...report });
    assert.equal(containers[0]?.env?.[0]?.valueFrom?.fieldRef?.fieldPath, 'spec.nodeName');
    const without = daemonSet(shown).spec?.template.spec;
    assert.equal(without?.automountServiceAccountToken, false);
    assert.equal(without?.containers[0]?.env, undefined);
  });

  test('are written for the options of the command, and change nothing when they are applied again', () => {
    const words = ['--folder', 'deploy', '--image', shown.image, '--events', '--node-condition', '--node-label'];
    const request = parseManifestOptions(words);
    assert.deepEqual(request?.options.report, report);
    const manifests = agentFiles({ ...shown, report }).map(({ text }) => load(text) as PlainManifest);
    assert.deepEqual(applyTwice(manifests), { changes: [], diff: [] });
  });

  test('keep its metrics as the only port that the network reaches', () => {
    const policy = agentFiles(shown).find(({ name }) => name === 'network-policy.yaml');
    const { spec } = load(policy?.text ?? '') as { spec: Record<string, unknown> };
    assert.deepEqual(
      [spec['policyTypes'], spec['ingress']],
      [['Ingress'], [{ ports: [{ port: 9464, protocol: 'TCP' }] }]],
    );
  });
});

describe('the Pod Security level of the agent', () => {
  const becauseOf = (some: Partial<ManifestOptions>): readonly string[] => {
    const spec = daemonSet({ ...shown, ...some }).spec?.template.spec;
    assert.ok(spec !== undefined);
    const { level, because } = podSecurityOf(spec);
    assert.equal(level, 'privileged');
    return because;
  };

  test('is privileged in every mode, and says why', () => {
    for (const some of [{}, { hasCgroups: false }, { devices: 0, isOwnVendor: false, hasCgroups: false }]) {
      assert.ok(becauseOf(some).includes('host paths'), JSON.stringify(some));
    }
    assert.deepEqual(becauseOf({}), ['host namespaces', 'capabilities', 'host paths', 'AppArmor']);
    const namespace = agentFiles(shown).find(({ name }) => name === 'namespace.yaml');
    assert.match(namespace?.text ?? '', /enforce: privileged/);
  });
});
