import type { View } from '../view/view.ts';
import { isQualifiedName } from '../forms/names.ts';
import { checkLabelName, checkUnique, keysIn, type TypeRules } from '../view/rule.ts';

export const containerRules: TypeRules = {
  V1Container: checkContainer,
  V1EphemeralContainer: checkContainer,
  V1EnvVar(view) {
    if (!view.has('valueFrom') || view.text('value') === '') return;
    view.report('K8S_ONE_OF', view.spanOf('valueFrom'), `${view.path} has value and valueFrom`, 'Keep one of them.');
  },
  V1EnvVarSource(view) {
    checkFieldPath(view, environmentPaths);
    checkResourceField(view);
  },
  V1DownwardAPIVolumeFile(view) {
    checkFieldPath(view, volumePaths);
    checkResourceField(view);
    const reference = view.child('resourceFieldRef');
    if (reference !== undefined && reference.text('containerName') === '') reference.missing('containerName');
  },
};

function checkContainer(view: View): void {
  checkLabelName(view, 'a container');
  const image = view.text('image');
  // A template is stored with any image.
  if (image.trim() !== image && view.parent?.parent?.typeName === 'V1Pod') {
    view.invalid('image', 'a reference without spaces around it');
  }
  checkUnique(view, keysIn(view.each('ports'), 'name'), (key) => `two ports of ${view.path} are named "${key}"`);
  checkPaths(view);
  for (const probe of ['livenessProbe', 'startupProbe']) checkThreshold(view, probe);
  const grace = view.child('readinessProbe');
  if (grace?.has('terminationGracePeriodSeconds') === true) {
    grace.conflict('terminationGracePeriodSeconds', 'is for liveness and startup probes', 'Remove it.');
  }
  if (view.isTrue('securityContext', 'privileged')) return;
  for (const mount of view.each('volumeMounts')) {
    if (mount.text('mountPropagation') !== 'Bidirectional') continue;
    mount.conflict(
      'mountPropagation',
      'is Bidirectional in a container that is not privileged',
      'Use HostToContainer.',
    );
  }
}

/** Each place in a container belongs to one volume. */
function checkPaths(view: View): void {
  const [mounts, devices] = [view.each('volumeMounts'), view.each('volumeDevices')];
  checkUnique(
    view,
    [...keysIn(mounts, 'mountPath'), ...keysIn(devices, 'devicePath')],
    (key) => `two volumes of ${view.path} are at ${JSON.stringify(key.slice(0, 100))}`,
  );
  const mounted = new Set(mounts.map((mount) => mount.text('name')));
  for (const device of devices) {
    const name = device.text('name');
    if (name !== '' && mounted.has(name)) device.conflict('name', `is "${name}", which is mounted too`);
  }
  for (const mount of mounts) checkMount(mount);
}

function checkMount(mount: View): void {
  if (mount.text('subPath') !== '' && mount.text('subPathExpr') !== '') {
    mount.report('K8S_ONE_OF', mount.spanOf('subPathExpr'), `${mount.path} has subPath and subPathExpr`);
  }
  const recursive = mount.text('recursiveReadOnly');
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') return;
  if (!mount.isTrue('readOnly')) mount.conflict('recursiveReadOnly', `is ${recursive}, and readOnly is not true`);
  const propagation = mount.text('mountPropagation');
  if (propagation === '' || propagation === 'None') return;
  mount.conflict('recursiveReadOnly', `is ${recursive}, and mountPropagation is ${propagation}`);
}

/** One success is enough for these two. */
function checkThreshold(view: View, name: string): void {
  const probe = view.child(name);
  const count = probe?.number('successThreshold');
  if (probe === undefined || count === undefined || count <= 1) return;
  probe.invalid('successThreshold', '1');
}

const environmentPaths: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);
const volumePaths: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
]);

/** `metadata.labels['key']`. */
const subscript = /^metadata\.(labels|annotations)\['([^']{0,400})'\]$/;

function checkFieldPath(view: View, paths: ReadonlySet<string>): void {
  const reference = view.child('fieldRef');
  const version = reference?.text('apiVersion') ?? '';
  if (version !== '' && version !== 'v1') reference?.invalid('apiVersion', 'v1');
  const path = reference?.text('fieldPath') ?? '';
  if (reference === undefined || path === '' || paths.has(path)) return;
  const [, map, key = ''] = subscript.exec(path) ?? [];
  if (map !== undefined && isQualifiedName(map === 'annotations' ? key.toLowerCase() : key)) return;
  reference.invalid(
    'fieldPath',
    `one of ${[...paths].join(', ')}, or metadata.labels['KEY'] or metadata.annotations['KEY']`,
  );
}

const measured = /^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-.*)$/;
const bytes = /^(?:0|1(?:[kMGTPE]|[KMGTPE]i)?)$/;

function checkResourceField(view: View): void {
  const reference = view.child('resourceFieldRef');
  const resource = reference?.text('resource') ?? '';
  if (reference === undefined || resource === '') return;
  if (!measured.test(resource)) {
    return reference.invalid('resource', 'limits or requests of cpu, memory, ephemeral-storage or hugepages-SIZE');
  }
  const node = reference.raw('divisor');
  const divisor = node?.kind === 'scalar' ? String(node.value).trim() : '';
  if (divisor === '') return;
  const [fits, wanted] = resource.endsWith('.cpu')
    ? [/^(?:0|1m?)$/.test(divisor), '"1" or "1m"']
    : [bytes.test(divisor), '1 with no suffix or one such as Ki, Mi, k or M'];
  if (!fits) reference.invalid('divisor', wanted);
}
