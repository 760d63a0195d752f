import { chooseContainers, choosePlatform } from './choose.ts';
import { isJsonObject, type JsonObject } from '@enclos/codec/json';
import { isTooManyDevices, oneDeviceOnly, softwareResource } from '@enclos/kubernetes/software-device';
import { hasMountAt, patchContainer, quantityOf, readContainers } from './container.ts';
import { listIn, member, objectIn } from './json.ts';
import { annotations, injectLabel } from './names.ts';
import { appendItems, type PatchOperation } from './patch.ts';
import type { Profile } from './profile.ts';
import { sgxProfile } from './sgx-profile.ts';
import { softwareProfile } from './software-profile.ts';
import { readWish, refuseWish, type Platform } from './wish.ts';

/** The API server has no such bound, but a patch grows with each of them, and anybody can post a pod. */
const maxContainers = 256;

export interface Injection {
  readonly platform: Platform;
  /** Empty for a pod that has everything. */
  readonly operations: readonly PatchOperation[];
}

/**
 * What a pod lacks of what it asks for; undefined for a pod that does not ask. All of it or nothing. A pod that was
 * patched lacks nothing.
 * @throws ADMISSION_WISH_REFUSED, ADMISSION_POD_UNREADABLE
 */
export function injectPod(pod: JsonObject): Injection | undefined {
  const metadata = member(pod, 'metadata');
  if (!isJsonObject(metadata) || !asks(metadata)) return undefined;
  const wish = readWish(metadata);
  const spec = objectIn(pod, 'spec', 'pod') ?? {};
  const containers = readContainers(spec);
  if (containers.length === 0) refuseWish('The pod has no containers.');
  if (containers.length > maxContainers) refuseWish(`The pod has more than ${maxContainers} containers.`);
  const isTooMany = containers.some((one) => isTooManyDevices(quantityOf(one, softwareResource) ?? 0));
  if (isTooMany) refuseWish(oneDeviceOnly);
  const platform = choosePlatform(wish, containers);
  const chosen = chooseContainers(wish, platform, containers);
  const profile = platform === 'software' ? softwareProfile(chosen) : sgxProfile(wish, chosen, containers);
  return {
    platform,
    operations: [
      ...profile.containers.flatMap(({ container, additions }) => patchContainer(container, additions)),
      ...patchVolumes(spec, profile),
      ...patchTolerations(spec, profile.tolerates),
    ],
  };
}

/** What the objectSelector selects. Looked at again, since a selector can be edited and this cannot. */
function asks(metadata: JsonObject): boolean {
  const [labels, notes] = [member(metadata, 'labels'), member(metadata, 'annotations')];
  if (!isJsonObject(labels) || member(labels, injectLabel.key) !== injectLabel.value) return false;
  return !(isJsonObject(notes) && Object.hasOwn(notes, annotations.mirror));
}

/** A volume of that name that the pod has is taken as it is. */
function patchVolumes(spec: JsonObject, { containers, volume }: Profile): readonly PatchOperation[] {
  const volumes = listIn(spec, 'volumes', 'spec');
  const isMounted = containers.some(({ container, additions }) =>
    (additions.mounts ?? []).some(({ mountPath }) => !hasMountAt(container, mountPath)),
  );
  if (volume === undefined || !isMounted) return [];
  if ((volumes ?? []).some((one) => member(one, 'name') === volume.name)) return [];
  return appendItems('/spec/volumes', volumes, [volume]);
}

/** The toleration that the plugin ExtendedResourceToleration of the API server adds where it is on: one suffices. */
function patchTolerations(spec: JsonObject, key: string): readonly PatchOperation[] {
  const tolerations = listIn(spec, 'tolerations', 'spec');
  const isOneOf = (values: readonly unknown[], one: JsonObject, name: string): boolean =>
    values.includes(member(one, name) ?? '');
  // No key stands for every key, and no effect for every effect.
  const tolerates = (tolerations ?? []).some(
    (one) =>
      isOneOf(['Exists'], one, 'operator') &&
      isOneOf([key, ''], one, 'key') &&
      isOneOf(['NoSchedule', ''], one, 'effect'),
  );
  if (tolerates) return [];
  return appendItems('/spec/tolerations', tolerations, [{ key, operator: 'Exists', effect: 'NoSchedule' }]);
}
