import type { V1Volume, V1VolumeMount } from '@enclos/kubernetes/objects';
import { driverName } from '../dra/driver.ts';
import { collateralFolder, hasSoftware, type ManifestOptions } from './options.ts';

/** A folder of the node that the agent has. */
interface HostFolder {
  readonly name: string;
  /** On the node, and in the container where nothing else is said. */
  readonly path: string;
  readonly mountPath?: string;
  readonly isReadOnly?: true;
  /** The kubelet makes it when it is missing. */
  readonly isMade?: true;
}

/** The kubelet and the container runtime are told these paths, or look there. */
const claimFolders: readonly HostFolder[] = [
  { name: 'plugin', path: `/var/lib/kubelet/plugins/${driverName}`, isMade: true },
  { name: 'plugin-registry', path: '/var/lib/kubelet/plugins_registry' },
  { name: 'cdi', path: '/var/run/cdi', isMade: true },
];

function hostFolders(options: ManifestOptions): readonly HostFolder[] {
  const { claims, hasCgroups, hasHardware } = options;
  const software: readonly HostFolder[] = [
    // The kubelet is told the paths of sockets, so they are the same inside.
    { name: 'sockets', path: '/run/enclos', isMade: true },
    { name: 'state', path: '/var/lib/enclos', isMade: true },
    { name: 'cache', path: '/var/cache/enclos', isMade: true },
    { name: 'pod-resources', path: '/var/lib/kubelet/pod-resources', isReadOnly: true },
    ...(hasCgroups ? [{ name: 'cgroup', path: '/sys/fs/cgroup', mountPath: '/host/cgroup' }] : []),
  ];
  return [
    { name: 'kubelet', path: '/var/lib/kubelet/device-plugins' },
    ...(hasSoftware(options) ? software : []),
    ...(claims > 0 ? claimFolders : []),
    ...(hasHardware ? [{ name: 'dev', path: '/dev', mountPath: '/host/dev', isReadOnly: true } as const] : []),
  ];
}

export function volumesOf(options: ManifestOptions): V1Volume[] {
  const folders = hostFolders(options).map(({ name, path, isMade }) => ({
    name,
    hostPath: { path, type: isMade === true ? 'DirectoryOrCreate' : 'Directory' },
  }));
  const configMap = collateralConfigMap(options);
  // Optional: devices work without collateral, and the kubelet fills the folder when the config map is made.
  return configMap === undefined
    ? folders
    : [...folders, { name: 'collateral', configMap: { name: configMap, optional: true } }];
}

function collateralConfigMap({ collateral }: ManifestOptions): string | undefined {
  return collateral !== undefined && 'configMap' in collateral ? collateral.configMap : undefined;
}

export function mountsOf(options: ManifestOptions): V1VolumeMount[] {
  const folders = hostFolders(options).map(({ name, path, mountPath, isReadOnly }) => ({
    name,
    mountPath: mountPath ?? path,
    ...(isReadOnly === true ? { readOnly: true } : {}),
  }));
  return collateralConfigMap(options) === undefined
    ? folders
    : [...folders, { name: 'collateral', mountPath: collateralFolder, readOnly: true }];
}
