import { named } from './choose.ts';
import { quantityOf, type Additions, type Container } from './container.ts';
import { aesm, annotations, legacyEpcNames, resources } from './names.ts';
import type { Profile, Volume } from './profile.ts';
import { refuseWish, type Wish } from './wish.ts';

interface Quoting {
  /** The name of the container that makes quotes, if one of this pod does. */
  readonly provider: string | undefined;
  /** Where the socket of aesmd is: nowhere, on the node, or shared by the containers of this pod. */
  readonly socket: 'none' | 'node' | 'pod';
}

/**
 * EPC and the enclave device for each container that holds an enclave; the provisioning device for the one that makes
 * quotes, and the socket of aesmd for those that have theirs made.
 * @throws ADMISSION_WISH_REFUSED
 */
export function sgxProfile(wish: Wish, chosen: readonly Container[], all: readonly Container[]): Profile {
  const isAesmd = wish.quoteProvider === aesm.container;
  const providers = all.filter(({ name }) => name === wish.quoteProvider);
  if (wish.quoteProvider !== undefined && !isAesmd) named([wish.quoteProvider], all, annotations.quoteProvider);
  // The quoting enclaves run in the provider, so it is a container with enclaves whether or not it was chosen.
  const chosenOrProviding = new Set([...chosen, ...providers]);
  const holders = all.filter((container) => chosenOrProviding.has(container));
  const hasOwnAesmd = isAesmd && providers.length > 0 && holders.length > providers.length;
  const quoting: Quoting = {
    provider: providers[0]?.name,
    socket: isAesmd ? (hasOwnAesmd ? 'pod' : 'node') : 'none',
  };
  return {
    containers: holders.map((container) => ({ container, additions: additionsOf(container, wish, quoting) })),
    ...(isAesmd ? { volume: volumeOf(quoting) } : {}),
    tolerates: resources.epc,
  };
}

function additionsOf(container: Container, wish: Wish, { provider, socket }: Quoting): Additions {
  const makesQuotes = container.name === provider;
  return {
    resources: {
      [resources.epc]: epcOf(container, wish),
      [resources.enclave]: '1',
      ...(makesQuotes ? { [resources.provision]: '1' } : {}),
    },
    without: legacyEpcNames,
    // aesmd itself must not look for an aesmd.
    ...(socket === 'none' || makesQuotes ? {} : { env: { [aesm.variable]: aesm.value } }),
    // Connecting needs no right to write in the folder. With it a pod could replace the node's socket.
    ...(socket === 'none' ? {} : { mounts: [{ name: aesm.volume, mountPath: aesm.folder, readOnly: !makesQuotes }] }),
  };
}

/**
 * On a node without aesmd a consumer waits, and an event names the folder that is missing; an empty folder would let it
 * start, and fail at its first quote. Only aesmd itself makes the folder.
 */
function volumeOf({ provider, socket }: Quoting): Volume {
  if (socket === 'pod') return { name: aesm.volume, emptyDir: { medium: 'Memory' } };
  const type = provider === undefined ? 'Directory' : 'DirectoryOrCreate';
  return { name: aesm.volume, hostPath: { path: aesm.folder, type } };
}

/** @throws ADMISSION_WISH_REFUSED when neither the container nor the annotation says how much. */
function epcOf(container: Container, { epc }: Wish): string {
  const own = quantityOf(container, resources.epc);
  if (own !== undefined) return own;
  for (const name of legacyEpcNames) {
    const mebibytes = quantityOf(container, name);
    if (mebibytes === undefined) continue;
    if (!/^[1-9]\d{0,8}$/.test(mebibytes)) refuseWish(`Resource ${name} is not a whole number of MiB.`);
    return `${mebibytes}Mi`;
  }
  return epc ?? refuseWish(`Say how much EPC in annotation ${annotations.epc}, such as 10Mi.`);
}
