/** As `kubernetes.io/arch` has it. */
export type Architecture = (typeof architectures)[number];
export const architectures = ['amd64', 'arm64'] as const;

/** What the manifests are made from. */
export interface ManifestOptions {
  /** The DaemonSet has it, and the label of its pods. */
  readonly name: string;
  readonly namespace: string;
  /** A reference with a digest. */
  readonly image: string;
  /** Those that the image is for. */
  readonly architectures: readonly Architecture[];
  /** Software devices of each node that the device plugin gives; 0 for none. */
  readonly devices: number;
  /** Further ones that resource claims get: dynamic resource allocation. */
  readonly claims: number;
  /** Each node vouches for itself. */
  readonly isOwnVendor: boolean;
  /** The collateral of a vendor elsewhere: a config map in the namespace of the agent, or an address. */
  readonly collateral?: { readonly configMap: string } | { readonly url: string } | undefined;
  /** Enclaves count towards the limits of their pods. */
  readonly hasCgroups: boolean;
  /** The agent starts in the cgroup namespace of the node, as it has to where cgroups are mounted with `nsdelegate`. */
  readonly entersNode: boolean;
  /** A policy of the cluster refuses more than one software device in a container. */
  readonly hasDevicePolicy: boolean;
  /** Devices work on nodes that cannot give enclaves every layer of isolation. */
  readonly allowsMissingIsolation?: boolean;
  /** SGX hardware is given to pods, too. */
  readonly hasHardware: boolean;
  /** What the agent tells the cluster; undefined: nothing, and it has no access to the API. */
  readonly report?:
    | { readonly events: boolean; readonly podEvents: boolean; readonly condition: boolean; readonly label: boolean }
    | undefined;
  /** With objects for the Prometheus operator and Grafana. */
  readonly hasMonitoring: boolean;
}

/** Whether the agent has software devices at all. */
export function hasSoftware({ devices, claims }: Pick<ManifestOptions, 'devices' | 'claims'>): boolean {
  return devices > 0 || claims > 0;
}

/** Without software devices nothing is asked for that is for them alone. */
export function consistent(options: ManifestOptions): ManifestOptions {
  if (hasSoftware(options)) return options;
  return {
    ...options,
    isOwnVendor: false,
    collateral: undefined,
    hasCgroups: false,
    hasDevicePolicy: false,
    allowsMissingIsolation: false,
    report: undefined,
  };
}

/** Whether it has a service account, with the roles for what it does. */
export function hasAccess({ claims, report }: Pick<ManifestOptions, 'claims' | 'report'>): boolean {
  return claims > 0 || report !== undefined;
}

/** Where the agent finds the config map of its collateral. */
export const collateralFolder = '/etc/enclos/collateral';

/** Port of the container. */
export const metricsPort = 9464;

export function labelsOf({ name }: Pick<ManifestOptions, 'name'>): Record<string, string> {
  return { 'app.kubernetes.io/name': name };
}
