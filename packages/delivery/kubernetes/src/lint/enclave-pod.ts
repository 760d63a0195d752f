import { at, mapsOf, textOf, type MapNode, type Span } from '@enclos/kubernetes-schema/yaml';
import { softwareResource } from '../software-device.ts';
import { epcBytesOf, meaningOf, resourcesOf, type ResourceAmount } from './sgx-resources.ts';
import { listenVariable } from './listeners.ts';
import { environmentOf, type Container, type Workload } from './workload.ts';

/** A container with what lint asks of it. */
export interface EnclaveContainer extends Container {
  readonly resources: readonly ResourceAmount[];
  readonly environment: ReturnType<typeof environmentOf>;
  readonly mounts: readonly Mount[];
  readonly epcBytes: bigint;
  /** It asks for an SGX device or EPC, of silicon or software, under whatever name. */
  readonly asksForSgx: boolean;
  readonly asksForSoftware: boolean;
}

export interface Mount {
  readonly volume: string;
  readonly path: string;
  readonly nameSpan: Span;
  readonly pathSpan: Span;
}

export interface Volume {
  readonly name: string;
  readonly node: MapNode;
  readonly nameSpan: Span;
  readonly hostPath?: { readonly path: string; readonly span: Span };
}

/** A workload seen as one that may hold enclaves. */
export interface EnclavePod extends Workload {
  readonly members: readonly EnclaveContainer[];
  readonly volumes: readonly Volume[];
  readonly volumeByName: ReadonlyMap<string, Volume>;
  /** aesmd is one of the containers. */
  readonly hasAesmd: boolean;
  readonly epcBytes: bigint;
  /** Whether anything in it is about enclaves. */
  readonly holdsEnclaves: boolean;
}

export const aesmdFolder = '/var/run/aesmd';
const aesmdFolders = new Set([aesmdFolder, '/run/aesmd']);

/** Without the slash at the end that Kubernetes does not mind. */
export function cleanPath(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

export function isAesmdFolder(path: string): boolean {
  return aesmdFolders.has(cleanPath(path).replace(/\/aesm\.socket$/, ''));
}

export function enclavePodOf(workload: Workload): EnclavePod {
  const members = workload.containers.map(memberOf);
  const volumes = mapsOf(at(workload.spec, 'volumes')).map(volumeOf);
  return {
    ...workload,
    members,
    volumes,
    volumeByName: new Map(volumes.map((volume) => [volume.name, volume])),
    hasAesmd: members.some(({ name }) => name === 'aesmd'),
    epcBytes: members.reduce((sum, { epcBytes }) => sum + epcBytes, 0n),
    holdsEnclaves: members.some(isAboutEnclaves) || [...workload.annotations.keys()].some(isOurWord),
  };
}

const annotationPrefixes = ['enclos.dev/', 'dev.enclos.', 'sgx.intel.com/'];

function isOurWord(name: string): boolean {
  return annotationPrefixes.some((prefix) => name.startsWith(prefix));
}

function isAboutEnclaves({ asksForSgx, environment, mounts }: EnclaveContainer): boolean {
  return (
    asksForSgx ||
    ['SGX_AESM_ADDR', 'ENCLOS_PLATFORM', 'ENCLOS_IMAGE', listenVariable].some((name) => environment.has(name)) ||
    mounts.some(({ path }) => isAesmdFolder(path))
  );
}

function memberOf(container: Container): EnclaveContainer {
  const resources = resourcesOf(container);
  const asked = resources.filter(({ name }) => meaningOf(name) !== 'other');
  return {
    ...container,
    resources,
    environment: environmentOf(container),
    mounts: mapsOf(at(container.node, 'volumeMounts')).map(mountOf),
    epcBytes: resources.reduce((sum, amount) => sum + (epcBytesOf(amount) ?? 0n), 0n),
    asksForSgx: asked.length > 0,
    asksForSoftware: asked.some(({ name }) => name === softwareResource),
  };
}

function mountOf(node: MapNode): Mount {
  const [name, path] = [at(node, 'name'), at(node, 'mountPath')];
  return { volume: textOf(name) ?? '', path: textOf(path) ?? '', nameSpan: name ?? node, pathSpan: path ?? node };
}

function volumeOf(node: MapNode): Volume {
  const name = at(node, 'name');
  const path = at(node, 'hostPath', 'path');
  return {
    name: textOf(name) ?? '',
    node,
    nameSpan: name ?? node,
    ...(path === undefined ? {} : { hostPath: { path: textOf(path) ?? '', span: path } }),
  };
}
