import type { Additions, Container } from './container.ts';
import { resources, softwarePlatform } from './names.ts';
import type { Profile } from './profile.ts';

const { rootsConfigMap, rootsFolder, rootsVolume, socket, variable } = softwarePlatform;

/**
 * The socket itself comes from the node agent with the device, so that only a container that was given the device has
 * one. A namespace may lack the roots: then nothing software is trusted there, which is not a reason to refuse the pod.
 */
export function softwareProfile(chosen: readonly Container[]): Profile {
  const additions: Additions = {
    resources: { [resources.software]: '1' },
    env: { [variable]: socket },
    mounts: [{ name: rootsVolume, mountPath: rootsFolder, readOnly: true }],
  };
  return {
    containers: chosen.map((container) => ({ container, additions })),
    volume: { name: rootsVolume, configMap: { name: rootsConfigMap, optional: true } },
    tolerates: resources.software,
  };
}
