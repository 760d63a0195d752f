import type { View } from '../view/view.ts';
import { checkContainerPodRules } from './pod-containers.ts';
import { checkPodResources } from './pod-resources.ts';
import { checkSpreadConstraints } from './scheduling.ts';
import { checkAppArmorAnnotations, checkHostProcess } from './security.ts';
import { checkUnique, forbid, keysIn, type TypeRules } from '../view/rule.ts';

export const podRules: TypeRules = {
  V1Pod(view) {
    checkAppArmorAnnotations(view);
    const spec = view.child('spec');
    if (spec === undefined) return;
    if (spec.size('ephemeralContainers') > 0) {
      spec.conflict('ephemeralContainers', 'cannot be set in a manifest', 'Remove it: kubectl debug adds them.');
    }
    // Admission plugins that are on by default compute these.
    if ((spec.number('priority') ?? 0) !== 0 && spec.text('priorityClassName') === '') {
      spec.conflict('priority', 'is computed from priorityClassName', 'Remove it, and name a priority class.');
    }
    if (spec.size('overhead') > 0 && spec.text('runtimeClassName') === '') {
      spec.conflict('overhead', 'comes from the runtime class', 'Remove it, and name a runtime class.');
    }
    if (spec.text('nodeName') !== '' && spec.size('schedulingGates') > 0) {
      spec.conflict('nodeName', 'is set, and so are schedulingGates', 'Keep one of them.');
    }
  },
  V1PodTemplateSpec(view) {
    checkAppArmorAnnotations(view);
    const spec = view.child('spec');
    if (spec === undefined || spec.size('ephemeralContainers') === 0) return;
    spec.conflict('ephemeralContainers', 'cannot be set in a template', 'Remove it: kubectl debug adds them.');
  },
  V1PodSpec: checkPodSpec,
};

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

function checkPodSpec(view: View): void {
  const listed = containerLists.flatMap((list) => view.each(list).map((container) => ({ list, container })));
  const containers = listed.map(({ container }) => container);
  checkUnique(view, keysIn(containers, 'name'), (key) => `two containers are named "${key}"`);
  checkUnique(view, keysIn(view.each('volumes'), 'name'), (key) => `two volumes are named "${key}"`);
  for (const { list, container } of listed) checkContainerPodRules(view, list, container);
  checkMounts(view, containers);
  checkHostNamespaces(view);
  checkDns(view);
  checkClaims(view, containers);
  checkPodResources(view);
  checkSpreadConstraints(view);
  checkUnique(view, keysIn(view.each('schedulingGates'), 'name'), (key) => `two scheduling gates are named "${key}"`);
  checkHostProcess(view, containers);
  checkOs(view, containers);
}

/** The volumes of the pod, and the claims that a StatefulSet makes for it. */
function volumeNamesOf(view: View): ReadonlySet<string> {
  const set = view.parent?.parent;
  const claims = set?.typeName === 'V1StatefulSetSpec' ? set.each('volumeClaimTemplates') : [];
  return new Set([
    ...view.each('volumes').map((volume) => volume.text('name')),
    ...claims.map((claim) => claim.text('metadata', 'name')),
  ]);
}

function checkMounts(view: View, containers: readonly View[]): void {
  const known = volumeNamesOf(view);
  const fix = (): string => {
    const names = [...known].filter((name) => name !== '').slice(0, 10);
    return names.length === 0 ? 'Add the volume to the pod.' : `Volumes of this pod: ${names.join(', ')}.`;
  };
  for (const container of containers) {
    for (const mount of [...container.each('volumeMounts'), ...container.each('volumeDevices')]) {
      const name = mount.text('name');
      if (name === '' || known.has(name)) continue;
      view.report('K8S_VOLUME_UNKNOWN', mount.valueSpan('name'), `the pod has no volume "${name.slice(0, 100)}"`, fix);
    }
  }
}

function checkHostNamespaces(view: View): void {
  if (view.isTrue('shareProcessNamespace') && view.isTrue('hostPID')) {
    view.conflict('shareProcessNamespace', 'and hostPID are both true', 'Keep one of them.');
  }
  if (view.isFalse('hostUsers')) {
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
      if (view.isTrue(name)) view.conflict(name, 'is true, and hostUsers is false', `Remove "${name}", or hostUsers.`);
    }
  }
}

function checkDns(view: View): void {
  const config = view.child('dnsConfig');
  if (view.text('dnsPolicy') === 'None' && (config?.size('nameservers') ?? 0) === 0) {
    if (config === undefined) view.missing('dnsConfig', 'Add dnsConfig with nameservers: dnsPolicy is None.');
    else config.missing('nameservers', 'Add nameservers: dnsPolicy is None.');
  }
  if (config === undefined) return;
  if (config.size('nameservers') > 3) config.conflict('nameservers', 'has more than 3 servers');
  if (config.size('searches') > 32) config.conflict('searches', 'has more than 32 domains');
  const length = config.texts('searches').reduce((sum, { text }) => sum + text.length + 1, -1);
  if (length > 2048) config.conflict('searches', 'has more than 2048 characters');
}

function checkClaims(view: View, containers: readonly View[]): void {
  const claims = view.each('resourceClaims');
  checkUnique(view, keysIn(claims, 'name'), (key) => `two resource claims are named "${key}"`);
  const names = new Set(claims.map((claim) => claim.text('name')));
  for (const container of containers) {
    const used = container.child('resources')?.each('claims') ?? [];
    checkUnique(
      view,
      used.map((claim) => ({
        text: [claim.text('name'), claim.text('request')].filter((part) => part !== '').join('/'),
        span: claim.valueSpan('name'),
      })),
      (key) => `${container.path} uses the claim "${key}" twice`,
    );
    for (const claim of used) {
      const name = claim.text('name');
      if (name !== '' && !names.has(name)) claim.invalid('name', 'the name of one of the resourceClaims of the pod');
    }
  }
}

const linuxOfPods = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
];
const linuxOfBoth = ['runAsUser', 'runAsGroup'];
const linuxGroups = ['supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'];
const linuxOfContainers = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
];

/** What one operating system has, and the other has not. */
function checkOs(view: View, containers: readonly View[]): void {
  const os = view.text('os', 'name');
  const contexts = [view, ...containers].map((one) => one.child('securityContext'));
  if (os === 'linux') {
    for (const context of contexts) {
      if (context !== undefined) forbid(context, ['windowsOptions'], 'is not for a pod whose os is linux');
    }
  }
  if (os !== 'windows') return;
  const words = 'is not for a pod whose os is windows';
  for (const name of ['hostPID', 'hostIPC']) if (view.isTrue(name)) view.conflict(name, words);
  forbid(view, ['hostUsers', 'shareProcessNamespace', 'resources'], words);
  const [ofPod, ...ofContainers] = contexts;
  if (ofPod !== undefined) forbid(ofPod, [...linuxOfPods, ...linuxOfBoth, ...linuxGroups], words);
  for (const context of ofContainers) {
    if (context !== undefined) forbid(context, [...linuxOfContainers, ...linuxOfBoth], words);
  }
}
