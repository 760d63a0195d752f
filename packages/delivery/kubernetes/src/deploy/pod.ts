import { EnclosError } from '@enclos/errors';
import type { StreamTransport } from '@enclos/manifest';
import type { V1Deployment } from '../schema/objects.ts';
import { storedQuantity, epcText } from './epc.ts';
import { listenersAnnotation, listenVariable } from '../lint/listeners.ts';
import { podUser, type Profile } from './profile.ts';
import type { DeploySettings, ProbeAction, VolumeSettings } from './settings.ts';

export type PodTemplate = V1Deployment['spec'] extends (infer S) | undefined
  ? S extends { readonly template: infer T }
    ? T
    : never
  : never;
export type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];
type Volume = NonNullable<PodSpec['volumes']>[number];
type Mount = NonNullable<Container['volumeMounts']>[number];
type Probe = NonNullable<Container['readinessProbe']>;

/** Settings with all that enclave.json and the command line add. */
export interface CompleteSettings extends DeploySettings {
  readonly image: string;
  readonly kind: NonNullable<DeploySettings['kind']>;
  readonly listen: NonNullable<DeploySettings['listen']>;
  readonly connect: NonNullable<DeploySettings['connect']>;
  readonly replicas: number;
  readonly profile: NonNullable<DeploySettings['profile']>;
  /** What the enclave listens on, where that is known. */
  readonly enclaveListen: readonly EnclaveListener[];
}

/** A listener of an enclave, as its manifest declares it. */
export interface EnclaveListener {
  readonly name: string;
  readonly port: number;
  /** Absent where it is not known. */
  readonly transport?: StreamTransport;
}

export const rootsConfigMap = 'enclos-software-roots';
const rootsFolder = '/etc/enclos/roots';

/** Leaves out what has no value: the manifest says only what it means. */
export function compact<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined }): T {
  // The rest has only fields with values, as `exactOptionalPropertyTypes` requires.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

export function listOrNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

export function recordOrNothing<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> | undefined {
  return Object.keys(record).length === 0 ? undefined : record;
}

/** Whether clients from anywhere may reach the ports. */
export function isPublic({ service }: Pick<DeploySettings, 'service'>): boolean {
  return service !== undefined && service.type !== 'ClusterIP';
}

/** How many pods there may be at once. */
export function mostPods({ replicas, autoscaling }: CompleteSettings): number {
  return Math.max(replicas, autoscaling?.max ?? 0);
}

export function labelsOf({ name }: CompleteSettings): Readonly<Record<string, string>> {
  return { app: name, 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'enclos' };
}

export function selectorOf({ name }: CompleteSettings): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name };
}

export function podTemplate(settings: CompleteSettings, profile: Profile): PodTemplate {
  return {
    metadata: { labels: labelsOf(settings), annotations: annotationsOf(settings, profile) },
    spec: podSpec(settings, profile),
  };
}

/** The same names as the labels of the image, so that `enclos lint` and people can compare them. */
function annotationsOf(
  { enclave, enclaveListen }: CompleteSettings,
  { boundary }: Profile,
): Readonly<Record<string, string>> {
  const boundaryOnly = { 'dev.enclos.boundary': boundary };
  if (enclave === 'none') return boundaryOnly;
  const words = { ...boundaryOnly, ...listenersText(enclaveListen) };
  if (enclave === undefined) return words;
  return {
    ...words,
    'dev.enclos.mrenclave': enclave.mrEnclave,
    'dev.enclos.mrsigner': enclave.mrSigner,
    'dev.enclos.product-id': String(enclave.productId),
    'dev.enclos.security-version': String(enclave.securityVersion),
    'dev.enclos.debug': String(enclave.debug ?? false),
  };
}

/** Tells `enclos lint` which ports end in the enclave. */
function listenersText(listeners: readonly EnclaveListener[]): Readonly<Record<string, string>> {
  if (listeners.length === 0) return {};
  return { [listenersAnnotation]: listeners.map(({ name, port }) => `${name}=${port}`).join(',') };
}

function podSpec(settings: CompleteSettings, profile: Profile): PodSpec {
  const { name, kind, deviceGroups, imagePullSecrets, terminationGracePeriodSeconds } = settings;
  const { isCluster } = profile;
  return compact<PodSpec>({
    serviceAccountName: isCluster ? name : undefined,
    // An enclave application never calls the API server.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: kind === 'Job' ? 'Never' : undefined,
    terminationGracePeriodSeconds,
    imagePullSecrets: listOrNothing((imagePullSecrets ?? []).map((secret) => ({ name: secret }))),
    nodeSelector: isCluster ? recordOrNothing({ ...profile.nodeSelector, ...settings.nodeSelector }) : undefined,
    tolerations: isCluster ? listOrNothing(tolerationsOf(settings, profile)) : undefined,
    topologySpreadConstraints: isCluster ? spreadOf(settings) : undefined,
    securityContext: compact<NonNullable<PodSpec['securityContext']>>({
      runAsNonRoot: true,
      runAsUser: podUser,
      runAsGroup: podUser,
      // For volumes; podman gives them to the user of the container already.
      fsGroup: isCluster ? podUser : undefined,
      supplementalGroups: listOrNothing(deviceGroups ?? []),
      seccompProfile: { type: 'RuntimeDefault' },
    }),
    containers: [containerOf(settings, profile)],
    volumes: listOrNothing(volumesOf(settings, profile)),
  });
}

function tolerationsOf(
  { tolerations = [] }: CompleteSettings,
  { tolerationKeys }: Profile,
): NonNullable<PodSpec['tolerations']> {
  const own = tolerationKeys.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }));
  // An empty value is as good as none, and the API server does not keep it.
  return [
    ...own,
    ...tolerations.map(({ value, ...one }) => compact({ ...one, value: value === '' ? undefined : value })),
  ];
}

function spreadOf(settings: CompleteSettings): PodSpec['topologySpreadConstraints'] {
  const { kind, spread = mostPods(settings) > 1 && kind !== 'Job' ? 'node' : 'none' } = settings;
  if (spread === 'none') return undefined;
  return [
    {
      maxSkew: 1,
      topologyKey: spread === 'node' ? 'kubernetes.io/hostname' : 'topology.kubernetes.io/zone',
      // A cluster with fewer nodes than pods should still run them.
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: selectorOf(settings) },
    },
  ];
}

function containerOf(settings: CompleteSettings, profile: Profile): Container {
  const { name, image, command = [], args = [], listen } = settings;
  const limits = limitsOf(settings, profile);
  const { isCluster } = profile;
  const hasPublicPorts = isPublic(settings);
  return compact<Container>({
    name,
    image,
    command: listOrNothing(command),
    args: listOrNothing(args),
    ports: listOrNothing(
      listen.map((one) =>
        // Without Services, the port of the machine is the only way in.
        compact({
          name: one.name,
          containerPort: one.port,
          hostPort: isCluster ? undefined : one.port,
          hostIP: isCluster || hasPublicPorts ? undefined : '127.0.0.1',
          protocol: 'TCP',
        }),
      ),
    ),
    env: listOrNothing(environmentOf(settings, profile)),
    resources: limits === undefined ? undefined : { limits, requests: limits },
    ...(isCluster ? probesOf(settings) : {}),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: listOrNothing(mountsOf(settings, profile)),
  });
}

/** All interfaces of the pod: the network policy lets clients reach only the ports that are declared. */
const everyAddress = '0.0.0.0';

function environmentOf({ env = {}, ...settings }: CompleteSettings, profile: Profile): NonNullable<Container['env']> {
  const isServer = settings.listen.length > 0 && settings.enclave !== 'none';
  const reachable = isServer ? [[listenVariable, everyAddress] as const] : [];
  const own = [...profile.env(settings), ...reachable].filter(([name]) => !Object.hasOwn(env, name));
  return [
    ...own.map(literal),
    ...Object.entries(env).map(([name, value]) => {
      if (typeof value === 'string') return literal([name, value]);
      const { key } = value;
      if ('secret' in value) return { name, valueFrom: { secretKeyRef: { name: value.secret, key } } };
      return { name, valueFrom: { configMapKeyRef: { name: value.configMap, key } } };
    }),
  ];
}

/** An empty value is the default, and the API server does not keep it. */
function literal([name, value]: readonly [name: string, value: string]): NonNullable<Container['env']>[number] {
  return value === '' ? { name } : { name, value };
}

/** Requests are the same: for extended resources they must be, and for the others it keeps a pod from being evicted. */
function limitsOf(settings: CompleteSettings, profile: Profile): Readonly<Record<string, string>> | undefined {
  const { resources = {} } = settings;
  const { epc, others } = epcText(resources);
  if (profile.needsEpc && epc === undefined) {
    throw new EnclosError(
      'DEPLOY_PROFILE_UNFIT',
      `The profile ${profile.name} needs EPC: "resources": {"sgx.intel.com/epc": "64Mi"}, or --epc 64Mi.`,
    );
  }
  const devices = Object.fromEntries(profile.devices(settings).map((device) => [device, '1']));
  const sgx = profile.needsEpc && epc !== undefined ? { 'sgx.intel.com/epc': epc } : {};
  return recordOrNothing({ ...others, ...sgx, ...devices });
}

function probesOf(settings: CompleteSettings): Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const { probes = {}, listen, kind } = settings;
  const [first] = listen;
  const usual: ProbeAction | undefined = first === undefined || kind === 'Job' ? undefined : { tcp: first.name };
  const readiness = probes.readiness ?? usual;
  return compact({
    startupProbe: probes.startup === undefined ? undefined : probeOf(probes.startup),
    readinessProbe: readiness === undefined ? undefined : probeOf(readiness),
    livenessProbe: probes.liveness === undefined ? undefined : probeOf(probes.liveness),
  });
}

function probeOf({ tcp, http, command, initialDelaySeconds, ...timing }: ProbeAction): Probe {
  return compact<Probe>({
    tcpSocket: tcp === undefined ? undefined : { port: tcp },
    httpGet: http === undefined ? undefined : compact({ scheme: http.scheme, port: http.port, path: http.path }),
    exec: command === undefined ? undefined : { command },
    // The API server does not keep the default, 0.
    initialDelaySeconds: initialDelaySeconds === 0 ? undefined : initialDelaySeconds,
    ...timing,
  });
}

function volumesOf(settings: CompleteSettings, profile: Profile): readonly Volume[] {
  const folder = profile.hostFolder(settings);
  const { softwareRoots, kind } = settings;
  return [
    // Type Directory: a node without the provider shows an event, where an empty folder would hide it.
    ...(folder === undefined ? [] : [{ name: 'provider', hostPath: { path: folder, type: 'Directory' } }]),
    ...(softwareRoots === undefined ? [] : [{ name: 'roots', configMap: { name: rootsConfigMap } }]),
    ...(settings.volumes ?? []).filter((volume) => !isOwnClaim(volume, kind)).map((volume) => volumeOf(volume)),
  ];
}

/** Whether each pod has its own claim for a volume. A claim that is named is one for all of them. */
export function isOwnClaim({ type, from }: VolumeSettings, kind: CompleteSettings['kind']): boolean {
  return kind === 'StatefulSet' && type === 'persistent' && from === undefined;
}

function volumeOf({ name, type, from = name, size }: VolumeSettings): Volume {
  const sizeLimit = size === undefined ? {} : { sizeLimit: storedQuantity(size, -9) };
  switch (type) {
    case 'ephemeral':
      return { name, emptyDir: sizeLimit };
    case 'memory':
      return { name, emptyDir: { medium: 'Memory', ...sizeLimit } };
    case 'persistent':
      return { name, persistentVolumeClaim: { claimName: from } };
    case 'secret':
      return { name, secret: { secretName: from } };
    case 'configMap':
      return { name, configMap: { name: from } };
  }
}

function mountsOf(settings: CompleteSettings, profile: Profile): readonly Mount[] {
  const folder = profile.hostFolder(settings);
  const { softwareRoots, volumes = [] } = settings;
  return [
    // A socket in a read-only mount still accepts connections.
    ...(folder === undefined ? [] : [{ name: 'provider', mountPath: folder, readOnly: true }]),
    ...(softwareRoots === undefined ? [] : [{ name: 'roots', mountPath: rootsFolder, readOnly: true }]),
    ...volumes.map(({ name, target, type, readOnly = type === 'secret' || type === 'configMap' }) =>
      compact<Mount>({ name, mountPath: target, readOnly: readOnly ? true : undefined }),
    ),
  ];
}
