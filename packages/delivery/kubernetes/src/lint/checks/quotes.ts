import { at, type Span } from '@enclos/kubernetes-schema/yaml';
import {
  aesmdFolder,
  cleanPath,
  isAesmdFolder,
  type EnclaveContainer,
  type EnclavePod,
  type Mount,
} from '../enclave-pod.ts';
import type { Report } from '../report.ts';
import { provisionResource } from '../sgx-resources.ts';

const providerAnnotations = ['sgx.intel.com/quote-provider', 'enclos.dev/quote-provider'];

/** Images that set SGX_AESM_ADDR themselves (ENV in their Dockerfile). */
const imagesWithVariable = /^mcr\.microsoft\.com\/acc\/samples\//;

/** Checks that containers that ask for quotes can get them: from aesmd out of process, or by the provisioning device. */
export function checkQuotes(pod: EnclavePod, report: Report): void {
  const usesWebhook = checkProvider(pod, report);
  for (const container of pod.members) {
    // aesmd itself answers.
    if (container.name === 'aesmd') continue;
    if (!usesWebhook) checkSocket(container, pod, report);
    checkProvision(container, report);
    checkSoftware(container, pod, report);
  }
}

/** Whether an annotation asks a webhook for socket and variable. */
function checkProvider({ annotations, containers }: EnclavePod, report: Report): boolean {
  let usesWebhook = false;
  for (const name of providerAnnotations) {
    const provider = annotations.get(name);
    if (provider === undefined) continue;
    if (provider.text === 'aesmd') usesWebhook = true;
    else if (!containers.some((container) => container.name === provider.text)) {
      const text = `"${provider.text}" is neither aesmd nor a container of this pod`;
      report('SGX_QUOTE_PROVIDER_UNKNOWN', provider.value, text);
    }
  }
  return usesWebhook;
}

function checkSocket(container: EnclaveContainer, pod: EnclavePod, report: Report): void {
  const variable = container.environment.get('SGX_AESM_ADDR');
  const mount = container.mounts.find(({ path }) => isAesmdFolder(path));
  if (variable !== undefined && variable.text !== '0' && mount === undefined) {
    report('SGX_QUOTE_SOCKET_MISSING', variable.span, `SGX_AESM_ADDR is set, and nothing is mounted at ${aesmdFolder}`);
  }
  if (mount === undefined) return;
  const fault = socketFault(mount, pod);
  if (fault !== undefined) report('SGX_QUOTE_SOCKET_MISSING', fault.span, fault.text);
  if (variable === undefined && container.asksForSgx && !setsVariable(container)) {
    const text = `the socket of aesmd is mounted, and SGX_AESM_ADDR is not set`;
    report('SGX_QUOTE_VARIABLE_MISSING', mount.pathSpan, text);
  }
}

function setsVariable({ node }: EnclaveContainer): boolean {
  const image = at(node, 'image');
  return image?.kind === 'scalar' && imagesWithVariable.test(String(image.value));
}

/** Why the mounts hold no socket. */
function socketFault(mount: Mount, { volumeByName, hasAesmd }: EnclavePod): { span: Span; text: string } | undefined {
  const volume = volumeByName.get(mount.volume);
  if (volume === undefined) return undefined;
  const { hostPath } = volume;
  if (hostPath !== undefined) {
    if (isAesmdFolder(hostPath.path)) return undefined;
    return { span: hostPath.span, text: `aesmd of the node has its socket in ${aesmdFolder}, not in ${hostPath.path}` };
  }
  if (at(volume.node, 'emptyDir') === undefined || hasAesmd) return undefined;
  return { span: volume.nameSpan, text: `"${volume.name}" is empty: no container of this pod is named aesmd` };
}

function checkProvision({ resources, mounts }: EnclaveContainer, report: Report): void {
  const provision = resources.find(({ name }) => name === provisionResource);
  if (provision === undefined || !mounts.some(({ path }) => isAesmdFolder(path))) return;
  report('SGX_PROVISION_UNNEEDED', provision.key, 'the container has aesmd, and the provisioning device too');
}

/** The device plugin mounts the socket; without the plugin the pod must mount it. */
function checkSoftware(container: EnclaveContainer, pod: EnclavePod, report: Report): void {
  const variable = container.environment.get('ENCLOS_PLATFORM');
  if (variable === undefined || !variable.text.startsWith('/') || container.asksForSoftware) return;
  const injected = pod.annotations.get('enclos.dev/platform')?.text === 'software';
  const mounted = container.mounts.some(({ path }) => variable.text === path || isBelow(variable.text, path));
  if (mounted || injected) return;
  report('SOFTWARE_PLATFORM_MISSING', variable.span, `nothing brings ${variable.text} into this container`);
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${cleanPath(folder)}/`);
}
