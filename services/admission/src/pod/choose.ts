import { type Container, quantityOf } from './container.ts';
import { annotations, legacyEpcNames, resources } from './names.ts';
import { refuseWish, type Platform, type Wish } from './wish.ts';

const ownResources: Readonly<Record<Platform, readonly string[]>> = {
  software: [resources.software],
  sgx: [resources.epc, ...legacyEpcNames],
};

function asksFor(container: Container, platform: Platform): boolean {
  return ownResources[platform].some((name) => quantityOf(container, name) !== undefined);
}

/**
 * The platform that the annotation names, or else the one whose resource the containers ask for.
 * @throws ADMISSION_WISH_REFUSED when it is not clear
 */
export function choosePlatform(wish: Wish, containers: readonly Container[]): Platform {
  if (wish.platform !== undefined) return wish.platform;
  const asked = (['software', 'sgx'] as const).filter((platform) => containers.some((one) => asksFor(one, platform)));
  const [only, other] = asked;
  if (only !== undefined && other === undefined) return only;
  return refuseWish(`Say for which platform, software or sgx, in annotation ${annotations.platform}.`);
}

/**
 * The containers that hold enclaves: those that are named, else those that ask for the resource, else the one that the pod
 * marks as its main one, else the only one. Nothing is guessed: a mesh may have put its own container first.
 * @throws ADMISSION_WISH_REFUSED when one that is named is not there, or none stands out
 */
export function chooseContainers(
  wish: Wish,
  platform: Platform,
  containers: readonly Container[],
): readonly Container[] {
  if (wish.containers !== undefined) return named(wish.containers, containers, annotations.containers);
  const asking = containers.filter((container) => asksFor(container, platform));
  if (asking.length > 0) return asking;
  const marked = containers.filter(({ name }) => name === wish.defaultContainer);
  if (marked.length > 0) return marked;
  if (containers.length === 1) return containers;
  return refuseWish(`Name the containers that hold enclaves in annotation ${annotations.containers}.`);
}

/** @throws ADMISSION_WISH_REFUSED when one is not there; `annotation` is for the message. */
export function named(
  names: readonly string[],
  containers: readonly Container[],
  annotation: string,
): readonly Container[] {
  const wanted = new Set(names);
  const found = containers.filter(({ name }) => wanted.has(name));
  const known = new Set(found.map(({ name }) => name));
  const missing = names.find((name) => !known.has(name));
  if (missing !== undefined) refuseWish(`The pod has no container ${missing}, which annotation ${annotation} names.`);
  return found;
}
