import { isQualifiedName } from './names.ts';

const hugePages = /^hugepages-/;
/** What a container may ask for without a domain. */
const ofContainers = /^(?:cpu|memory|ephemeral-storage|hugepages-.*)$/;
/** What a whole pod may ask for. */
const ofPods = /^(?:cpu|memory|hugepages-.*)$/;
/** What claims, volumes and limits name without a domain, beside what is counted. */
const standard =
  /^(?:(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\.)?(?:storage|hugepages-.*))$/;
/** Objects that a quota counts. */
const counted =
  /^(?:pods|resourcequotas|services(?:\.nodeports|\.loadbalancers)?|replicationcontrollers|secrets|configmaps|persistentvolumeclaims)$/;
/** What a quota bounds without a domain, beside what is counted. */
const ofQuotas =
  /^(?:(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)|requests\.storage|(?:requests\.)?hugepages-.*)$/;

/** Whether it belongs to Kubernetes itself: without a domain, or with its own. */
function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** Counted by a device plugin: whole numbers, whose request is their limit (pkg/apis/core/helper). */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`);
}

/** More may be requested than limited. Huge pages and devices are there or not. */
export function mayOvercommit(name: string): boolean {
  return isNativeResource(name) && !hugePages.test(name);
}

export function isHugePages(name: string): boolean {
  return hugePages.test(name);
}

export function isCountedResource(name: string): boolean {
  return counted.test(name) || isExtendedResource(name);
}

/** What asks for a resource. */
export type Asker = 'container' | 'pod' | 'quota' | 'any';

/** Whether `asker` may name a resource like this. */
export function isResourceName(name: string, asker: Asker): boolean {
  if (!isQualifiedName(name)) return false;
  if (asker === 'pod') return ofPods.test(name);
  if (name.includes('/')) return asker !== 'container' || isNativeResource(name) || isExtendedResource(name);
  if (asker === 'container') return ofContainers.test(name);
  return counted.test(name) || (asker === 'quota' ? ofQuotas : standard).test(name);
}
