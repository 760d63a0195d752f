/** Levels of the Pod Security Standards, the loosest first. */
export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

type Security = Readonly<Record<string, unknown>>;

interface PodContainer {
  readonly securityContext?: object | undefined;
  readonly ports?: readonly { readonly hostPort?: number | undefined }[] | undefined;
}

/** What of a pod's spec the levels are about. */
export interface PodSecuritySpec {
  readonly hostPID?: boolean | undefined;
  readonly hostIPC?: boolean | undefined;
  readonly hostNetwork?: boolean | undefined;
  readonly securityContext?: object | undefined;
  readonly volumes?: readonly object[] | undefined;
  readonly containers: readonly PodContainer[];
  readonly initContainers?: readonly PodContainer[] | undefined;
}

/** Version 1.30 and later: "Pod Security Standards" of Kubernetes' documentation. */
const baselineCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const baselineSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]);
const restrictedVolumes = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' '),
);
const seLinuxTypes = new Set([
  undefined,
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

/** The strictest level whose namespace takes the pod, and what keeps it from the next one. */
export function podSecurityOf(spec: PodSecuritySpec): {
  readonly level: PodSecurityLevel;
  readonly because: readonly string[];
} {
  const beyondBaseline = problemsOf(baselineRules, spec);
  if (beyondBaseline.length > 0) return { level: 'privileged', because: beyondBaseline };
  const beyondRestricted = problemsOf(restrictedRules, spec);
  return { level: beyondRestricted.length > 0 ? 'baseline' : 'restricted', because: beyondRestricted };
}

type Rules = Readonly<Record<string, (spec: PodSecuritySpec) => boolean>>;

function problemsOf(rules: Rules, spec: PodSecuritySpec): readonly string[] {
  return Object.entries(rules).flatMap(([name, isBroken]) => (isBroken(spec) ? [name] : []));
}

const baselineRules: Rules = {
  'host namespaces': ({ hostPID, hostIPC, hostNetwork }) =>
    hostPID === true || hostIPC === true || hostNetwork === true,
  'host process': (spec) => everySecurity(spec).some((one) => field(one['windowsOptions'], 'hostProcess') === true),
  privileged: (spec) => ofContainers(spec).some((one) => one['privileged'] === true),
  capabilities: (spec) => added(spec).some((name) => !baselineCapabilities.has(name)),
  'host paths': ({ volumes = [] }) => volumes.some((volume) => 'hostPath' in volume),
  'host ports': (spec) => containersOf(spec).some(({ ports = [] }) => ports.some(({ hostPort = 0 }) => hostPort !== 0)),
  AppArmor: (spec) => everySecurity(spec).some((one) => field(one['appArmorProfile'], 'type') === 'Unconfined'),
  SELinux: (spec) =>
    everySecurity(spec).some(({ seLinuxOptions }) => {
      return !seLinuxTypes.has(text(field(seLinuxOptions, 'type'))) || hasText(seLinuxOptions, 'user', 'role');
    }),
  '/proc mount': (spec) => ofContainers(spec).some(({ procMount = 'Default' }) => procMount !== 'Default'),
  seccomp: (spec) => everySecurity(spec).some((one) => field(one['seccompProfile'], 'type') === 'Unconfined'),
  sysctls: ({ securityContext }) =>
    list(field(securityContext, 'sysctls')).some((one) => !baselineSysctls.has(String(field(one, 'name')))),
};

const restrictedRules: Rules = {
  'volume types': ({ volumes = [] }) =>
    volumes.some((volume) => Object.keys(volume).some((key) => key !== 'name' && !restrictedVolumes.has(key))),
  'privilege escalation': (spec) => ofContainers(spec).some((one) => one['allowPrivilegeEscalation'] !== false),
  'running as non-root': (spec) =>
    ofContainers(spec).some((one) => (one['runAsNonRoot'] ?? field(spec.securityContext, 'runAsNonRoot')) !== true),
  'root user': (spec) => everySecurity(spec).some((one) => one['runAsUser'] === 0),
  seccomp: (spec) =>
    ofContainers(spec).some((one) => {
      const type = field(one['seccompProfile'] ?? field(spec.securityContext, 'seccompProfile'), 'type');
      return type !== 'RuntimeDefault' && type !== 'Localhost';
    }),
  capabilities: (spec) =>
    added(spec).some((name) => name !== 'NET_BIND_SERVICE') ||
    ofContainers(spec).some((one) => !list(field(one['capabilities'], 'drop')).includes('ALL')),
};

function containersOf({ containers, initContainers = [] }: PodSecuritySpec): readonly PodContainer[] {
  return [...initContainers, ...containers];
}

function ofContainers(spec: PodSecuritySpec): readonly Security[] {
  return containersOf(spec).map(({ securityContext }) => securityOf(securityContext));
}

/** As a table of fields, of which nothing is known. */
function securityOf(context: object | undefined): Security {
  return { ...context };
}

function everySecurity(spec: PodSecuritySpec): readonly Security[] {
  return [securityOf(spec.securityContext), ...ofContainers(spec)];
}

function added(spec: PodSecuritySpec): readonly string[] {
  return ofContainers(spec).flatMap((one) => list(field(one['capabilities'], 'add')).map(String));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Security)[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function hasText(value: unknown, ...names: readonly string[]): boolean {
  return names.some((name) => (text(field(value, name)) ?? '') !== '');
}
