import { isIP } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { mustBePassed } from '@enclos/manifest';
import { isMutable, parseImageReference } from '../lint/image-reference.ts';
import { epcResource, meaningOf } from '../lint/sgx-resources.ts';
import { autoscalingProblem } from './autoscaling.ts';
import { objectsOf, type KubernetesObject } from './objects.ts';
import { isOwnClaim, isPublic, type CompleteSettings, type EnclaveListener } from './pod.ts';
import { portsOf } from './ports.ts';
import { profileOf, type Profile } from './profile.ts';
import { checkRoots } from './roots.ts';
import type { DeploySettings, ProfileName } from './settings.ts';

/** What the command line says, which wins over deploy.json. */
export interface DeployFlags {
  readonly profile?: ProfileName;
  readonly image?: string;
  readonly namespace?: string;
  readonly replicas?: number;
  readonly epc?: string;
}

/** What the enclave listens on and connects to, from enclave.json or from the image that holds it. */
export interface EnclaveNetwork {
  readonly listen: readonly EnclaveListener[];
  readonly connect: readonly (EnclaveListener & { readonly host: string })[];
}

/** What is known of the image, because it is here and was verified. */
export interface VerifiedDeployImage {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly enclave: Exclude<DeploySettings['enclave'], 'none' | undefined>;
  /** From the manifest that is measured with the enclave: it counts more than enclave.json. */
  readonly network?: EnclaveNetwork;
}

export interface DeployInputs {
  readonly settings: DeploySettings;
  readonly flags?: DeployFlags;
  /** From enclave.json. */
  readonly network?: EnclaveNetwork;
  /** What the image is. Settings that name another digest or enclave are refused. */
  readonly verified?: VerifiedDeployImage;
  /** Content of the file that `softwareRoots.pem` names. */
  readonly rootsPem?: string;
}

export interface DeployPlan {
  readonly name: string;
  readonly profile: ProfileName;
  readonly boundary: string;
  readonly objects: readonly KubernetesObject[];
  /** What the profile leaves out, and what is wider than it may seem. */
  readonly notes: readonly string[];
}

/**
 * Makes the objects of a deployment. Pure.
 * @throws DEPLOY_SETTINGS_INVALID, DEPLOY_IMAGE_UNPINNED, DEPLOY_PROFILE_UNFIT, DEPLOY_ROOTS_INVALID
 */
export function planDeployment(inputs: DeployInputs): DeployPlan {
  const { settings, flags = {}, verified, rootsPem } = inputs;
  const network = verified?.network ?? inputs.network;
  const completed = complete(settings, flags, network);
  const profile = profileOf(completed.profile, completed.enclave);
  const deployed = verified === undefined ? completed : pinned(completed, verified, profile);
  checkImage(deployed, profile);
  checkFit(deployed, profile);
  if (network !== undefined) {
    checkTransports(network, profile, network === verified?.network ? 'the image' : 'enclave.json');
  }
  const { softwareRoots } = deployed;
  const roots = typeof softwareRoots === 'object' ? checkRoots(softwareRoots, rootsPem) : undefined;
  return Object.freeze({
    name: deployed.name,
    profile: profile.name,
    boundary: profile.boundary,
    objects: Object.freeze(objectsOf(deployed, profile, roots)),
    notes: Object.freeze([...notesOf(deployed, profile), ...staleImage(inputs)]),
  });
}

/** A cluster gets the image by its digest. One that was loaded into podman has no digest of a registry. */
function pinned(
  deployed: CompleteSettings,
  { digest, enclave }: VerifiedDeployImage,
  { isCluster }: Profile,
): CompleteSettings {
  const named = parseImageReference(deployed.image);
  if (named?.digest !== undefined && named.digest !== digest) {
    throw invalid(`The image that is here is ${digest}, and ${deployed.image} is another one.`);
  }
  if (typeof deployed.enclave === 'object') {
    const fields = ['mrEnclave', 'mrSigner', 'productId', 'securityVersion'] as const;
    const said = { debug: false, ...deployed.enclave };
    const other = [...fields, 'debug' as const].find((field) => said[field] !== (enclave[field] ?? false));
    if (other !== undefined) {
      throw invalid(`"enclave" says ${other} ${String(said[other])}; in the image it is ${String(enclave[other])}.`);
    }
  }
  const image = isCluster && named !== undefined ? `${named.name}@${digest}` : deployed.image;
  return { ...deployed, image, enclave: deployed.enclave === 'none' ? 'none' : enclave };
}

function complete(settings: DeploySettings, flags: DeployFlags, network: EnclaveNetwork | undefined): CompleteSettings {
  const { epc, image = settings.image, ...others } = flags;
  if (image === undefined) throw invalid(imageText(settings, flags.profile ?? settings.profile));
  const deployed: CompleteSettings = {
    ...settings,
    kind: settings.kind ?? 'Deployment',
    profile: settings.profile ?? 'software',
    replicas: settings.replicas ?? 1,
    ...others,
    image,
    listen: settings.listen ?? portsOf(network?.listen ?? []),
    enclaveListen: network?.listen ?? [],
    connect: settings.connect ?? network?.connect.map(({ name, host, port }) => ({ name, host, port })) ?? [],
    ...(epc === undefined ? {} : { resources: withEpc(settings.resources ?? {}, epc) }),
  };
  // --replicas may name another number than deploy.json does.
  const scaling = deployed.autoscaling && autoscalingProblem(deployed.autoscaling, deployed);
  if (scaling !== undefined) throw invalid(`autoscaling: ${scaling}.`);
  for (const [name, probe] of Object.entries(deployed.probes ?? {})) {
    const port = probe?.tcp ?? probe?.http?.port;
    if (port === undefined || deployed.listen.some((one) => one.name === port)) continue;
    throw invalid(`The ${name} probe asks the port "${port}", which is not in listen.`);
  }
  return deployed;
}

function imageText({ name }: DeploySettings, profile: ProfileName = 'software'): string {
  const how =
    profile === 'podman'
      ? `give --image localhost/${name}:TAG, as \`podman images\` shows it.`
      : 'give --image NAME@sha256:DIGEST. Or give --image NAME --image-layout PATH, to take the digest from the image that `enclos image build` wrote there.';
  return `There is no image. Write "image" in deploy.json, or ${how}`;
}

function withEpc(resources: Readonly<Record<string, string | number>>, epc: string): Record<string, string | number> {
  const others = Object.entries(resources).filter(([name]) => !['epc', 'old-epc'].includes(meaningOf(name)));
  return { ...Object.fromEntries(others), [epcResource]: epc };
}

function checkImage({ image }: CompleteSettings, profile: Profile): void {
  const reference = parseImageReference(image);
  if (reference === undefined) throw invalid(`${JSON.stringify(image.slice(0, 200))} is not an image reference.`);
  if (reference.digest !== undefined) return;
  // An image that was loaded into podman has no digest of a registry.
  if (!profile.isCluster && !isMutable(reference)) return;
  throw new EnclosError('DEPLOY_IMAGE_UNPINNED', `${image} names no digest, so that it may be another image tomorrow.`);
}

function checkFit({ kind, enclave, volumes = [] }: CompleteSettings, profile: Profile): void {
  if (kind === 'StatefulSet' && !profile.isCluster) {
    throw unfit('podman knows no StatefulSet: write "kind": "Deployment" for it.');
  }
  const memory = volumes.find(({ type }) => type === 'memory');
  if (memory !== undefined && !profile.isCluster) {
    // Measured with podman 5.4: a tmpfs of root's, with mode 755, whatever fsGroup says.
    throw unfit(
      `podman lets only root write to the memory volume "${memory.name}": use an ephemeral one, which is on disk.`,
    );
  }
  if (typeof enclave === 'object' && enclave.debug === true && profile.needsEpc) {
    throw unfit('The enclave is a debug enclave, which keeps no secrets on any hardware.');
  }
  const unsized = volumes.find((volume) => isOwnClaim(volume, kind) && volume.size === undefined);
  if (unsized !== undefined) {
    const message = `The volume "${unsized.name}" needs a size: each pod of a StatefulSet has its own claim, unless from names one for all.`;
    throw unfit(message);
  }
}

/** What runs on SGX itself runs in Gramine, which relays. */
function checkTransports(network: EnclaveNetwork, { name, needsEpc }: Profile, from: string): void {
  const insisting = mustBePassed(network);
  if (!needsEpc || insisting.length === 0) return;
  const names = insisting.map((entry) => `"${entry.name}"`).join(', ');
  throw unfit(
    `With the profile ${name} the host relays all connections, and ${from} wants those of ${names} passed. Build the enclave and its image with --relayed, and give that image with --image-layout.`,
  );
}

const openPorts = 'Everyone who reaches this machine reaches the ports.';
const closedPorts =
  'The ports are ports of this machine, which programs on it can reach. "service": {"type": "NodePort"} opens them to others.';

const fixedJob =
  'The pods of a Job cannot be changed: delete the Job before you apply another one of its name. docs/how-to/keep-in-git.md says how GitOps tools do it.';

function notesOf(
  { kind, listen, connect, probes, namespace, service, autoscaling }: CompleteSettings,
  { isCluster, name }: Profile,
): readonly string[] {
  const notes: string[] = [];
  const open = connect.filter(({ host, to }) => to === undefined && isIP(host) === 0);
  if (isCluster && kind === 'Job') notes.push(fixedJob);
  if (isCluster) {
    for (const { host, port } of open) {
      notes.push(`Network policies know no names: port ${port} of every host is open for ${host}. "to" narrows it.`);
    }
  } else {
    notes.push('podman has no Services, no names of pods, no network policies and no scheduler: those are left out.');
    if (listen.length > 0) notes.push(isPublic({ service }) ? openPorts : closedPorts);
    if (autoscaling !== undefined) notes.push('podman does not scale: autoscaling is left out.');
    if (probes !== undefined) notes.push('Probes are left out: podman runs them inside the container.');
    if (namespace !== undefined) notes.push('podman has no namespaces: it is left out.');
  }
  if (name === 'aks-sgx') {
    notes.push(
      'Azure ends its last sizes with SGX on 2029-10-31; since 2026-11-01 new subscriptions cannot have them.',
    );
  }
  return notes;
}

/** The enclave in the image is older or newer than its project. */
function staleImage({ network, verified }: DeployInputs): readonly string[] {
  if (network === undefined || verified?.network === undefined) return [];
  const ports = (listen: readonly EnclaveListener[]): string => JSON.stringify(portsOf(listen));
  if (ports(network.listen) === ports(verified.network.listen)) return [];
  return [
    'The enclave in the image listens at other ports than enclave.json says, and the image counts. Build and sign the enclave and the image again.',
  ];
}

function invalid(message: string): EnclosError {
  return new EnclosError('DEPLOY_SETTINGS_INVALID', message);
}

function unfit(message: string): EnclosError {
  return new EnclosError('DEPLOY_PROFILE_UNFIT', message);
}
