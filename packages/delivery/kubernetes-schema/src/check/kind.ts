import { isServiceName, isSubdomainName } from '../forms/names.ts';
import { kinds } from '../schema/types.ts';

/** Groups of Kubernetes itself that have had other versions than today's. */
const ownGroups: ReadonlySet<string> = new Set(kinds.map(({ apiVersion }) => groupOf(apiVersion)));
const knownVersions: ReadonlySet<string> = new Set(kinds.map(({ apiVersion }) => apiVersion));
/** Kinds that are not written into files, or that only clients know. */
const otherKinds = /(?:List|Status|Scale|Options|Review|Eviction)$/;
/** Served in a version before the first stable one by some clusters. */
const earlyKinds =
  /^(?:IPAddress|ServiceCIDR|VolumeAttributesClass|LeaseCandidate|DeviceClass|DeviceTaintRule|ResourceClaim(?:Template)?|ResourceSlice|(?:Mutating|Validating)AdmissionPolicy(?:Binding)?)$/;

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/**
 * Whether no cluster serves a kind that is not in the table: its apiVersion cannot be one, or names a group of Kubernetes
 * that has no such version or kind. Groups with a domain may belong to any project (CustomResourceDefinition).
 */
export function isServedNowhere(apiVersion: string, kind: string): boolean {
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  if (!isServiceName(version) || (group !== '' && !isSubdomainName(group))) return true;
  // A custom group has a domain, and the group without a name has one version.
  if (!group.includes('.') && !knownVersions.has(apiVersion)) return true;
  if (!ownGroups.has(group) || otherKinds.test(kind)) return false;
  return knownVersions.has(apiVersion) || !/^v1(?:alpha|beta)\d+$/.test(version) || !earlyKinds.test(kind);
}
