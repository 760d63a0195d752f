import { oneDeviceOnly, softwareResource } from '../software-device.ts';
import { refusals, type LintRule } from '@enclos/kubernetes-schema';

export type { LintRule, Severity } from '@enclos/kubernetes-schema';

const resourceRules = {
  SGX_EPC_SPELLING: {
    severity: 'warning',
    summary: 'EPC is asked for in an old spelling.',
    why: 'Only the add-on of old AKS clusters knows kubernetes.azure.com/sgx_epc_mem_in_MiB and sgx.intel.com/sgx_epc_mem_in_MiB; elsewhere the pod stays Pending.',
    fix: 'Use sgx.intel.com/epc, whose unit is bytes: "10Mi" instead of 10.',
  },
  SGX_RESOURCE_UNKNOWN: {
    severity: 'error',
    summary: 'No device plugin offers a resource of this name.',
    why: 'The pod stays Pending, without an error that says why.',
    fix: 'Use sgx.intel.com/epc, sgx.intel.com/enclave, sgx.intel.com/provision or enclos.dev/software-sgx.',
  },
  SGX_RESOURCE_UNIT: {
    severity: 'error',
    summary: 'The value is in the unit of another resource.',
    why: 'sgx.intel.com/epc counts bytes, the old spellings count MiB, and devices are counted one by one: the pod gets next to nothing, or is never scheduled.',
    fix: 'Write EPC as "10Mi" and devices as 1.',
  },
  SOFTWARE_DEVICE_COUNT: {
    severity: 'error',
    summary: oneDeviceOnly,
    why: 'The scheduler counts that many free devices, and then the node agent refuses them: the pod fails with UnexpectedAdmissionError, and a Deployment makes the next one, without end.',
    fix: `Write ${softwareResource}: 1.`,
  },
  SGX_EPC_OVERCOMMIT: {
    severity: 'error',
    summary: 'More EPC is asked for than the nodes have.',
    why: 'Pods stay Pending. A request is only for the scheduler: nothing stops a pod from using more, and then every enclave on its node is paged.',
    fix: 'Ask for what the enclave uses, and run fewer replicas or larger nodes.',
  },
  SGX_AUTOSCALING: {
    severity: 'error',
    summary: 'A HorizontalPodAutoscaler scales by EPC.',
    why: 'Metrics servers do not measure how much EPC a pod uses, only CPU and memory.',
    fix: 'Scale by CPU or memory.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

const quoteRules = {
  SGX_QUOTE_SOCKET_MISSING: {
    severity: 'error',
    summary: 'A container is told to ask aesmd for quotes, but cannot reach its socket.',
    why: 'Every quote fails at run time.',
    fix: 'Mount the hostPath /var/run/aesmd at /var/run/aesmd, and enable the quote helper of the cluster.',
  },
  SGX_QUOTE_VARIABLE_MISSING: {
    severity: 'warning',
    summary: 'A container has the socket of aesmd, but SGX_AESM_ADDR is not set.',
    why: 'Unless its image sets the variable, the quote library tries in-process quoting and fails without the provisioning device.',
    fix: 'Set the variable SGX_AESM_ADDR to "1".',
  },
  SGX_QUOTE_PROVIDER_UNKNOWN: {
    severity: 'error',
    summary: 'The quote-provider annotation names neither aesmd nor a container of the pod.',
    why: 'The webhook does not give any container the provisioning device, and every quote fails.',
    fix: 'Write aesmd, or the name of the container that makes its own quotes.',
  },
  SGX_PROVISION_UNNEEDED: {
    severity: 'warning',
    summary: 'A container has the provisioning device and the socket of aesmd.',
    why: 'An application uses only one of them. A container with the device can learn the identity of the platform.',
    fix: 'Remove sgx.intel.com/provision, or the socket.',
  },
  SOFTWARE_PLATFORM_MISSING: {
    severity: 'error',
    summary: 'ENCLOS_PLATFORM names a socket that the container does not have.',
    why: 'The host program finds no platform, and no enclave starts.',
    fix: 'Ask for enclos.dev/software-sgx: 1, or mount the folder of the socket.',
  },
  ENCLOS_ANNOTATION_UNKNOWN: {
    severity: 'error',
    summary: 'An annotation or label of Enclos has an unknown name or value.',
    why: 'The admission webhook does not see what it is asked for.',
    fix: 'Use enclos.dev/platform, enclos.dev/epc, enclos.dev/quote-provider, and the label enclos.dev/inject: enabled.',
  },
  ENCLOS_LABEL_MISSING: {
    severity: 'error',
    summary: 'A pod has annotations of Enclos, but not the label that the webhook selects by.',
    why: 'The webhook looks at labelled pods only, so that it can never affect another pod.',
    fix: 'Add the label enclos.dev/inject: enabled to the pod.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

const imageRules = {
  IMAGE_REFERENCE_INVALID: {
    severity: 'error',
    summary: 'The image is not a reference that a registry could answer.',
    why: 'The pod ends in InvalidImageName.',
    fix: 'Write REGISTRY/NAME@sha256:DIGEST, the name in lower case.',
  },
  IMAGE_TAG_MUTABLE: {
    severity: 'error',
    summary: 'The image has no tag, or one that moves.',
    why: 'Two pods of one Deployment may run two enclaves, and a policy that pins a measurement refuses one of them.',
    fix: 'Pin the digest: NAME@sha256:DIGEST.',
  },
  IMAGE_ENCLAVE_DEBUG: {
    severity: 'error',
    summary: 'The image, or the pod, says that its enclave is a debug enclave or a simulation.',
    why: 'The operator of the node can read everything inside.',
    fix: 'Build and sign the enclave without debug.',
  },
  IMAGE_ENCLAVE_UNSIGNED: {
    severity: 'error',
    summary: 'The labels of the image do not name a measurement and a signer.',
    why: 'The image cannot be tied to an enclave before it runs.',
    fix: 'Build the image with `enclos image build`, which signs and labels it.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** Probes of pods that cannot succeed, as far as the manifest says. */
const probeRules = {
  PROBE_PORT_UNKNOWN: {
    severity: 'error',
    summary: 'A probe names a port that its container does not have.',
    why: 'The kubelet does not find the port, so the probe fails each time: the pod never becomes ready, or is restarted again and again.',
    fix: 'Use the name of a port of the same container, or declare the port.',
  },
  PROBE_PORT_UNDECLARED: {
    severity: 'warning',
    summary: 'A probe of a pod with enclaves asks a port that no container of the pod declares.',
    why: 'The pod declares other ports, so most likely nothing listens at this one. Network policies of `enclos deploy` open declared ports only.',
    fix: 'Ask a port that the pod declares, or declare this one.',
  },
  PROBE_PROTOCOL: {
    severity: 'warning',
    summary: 'A probe speaks without TLS to a port where the enclave, or the name of the port, expects TLS.',
    why: 'The handshake fails, so the probe never succeeds and the pod never becomes ready.',
    fix: 'Use tcpSocket, or httpGet with scheme: HTTPS if the enclave answers HTTP over TLS. Or probe a page of the host program.',
  },
  PROBE_LOOPBACK: {
    severity: 'error',
    summary:
      'A probe cannot reach the program, which listens on the loopback interface, or the probe itself names that interface.',
    why: 'The kubelet connects from the node to the address of the pod, where nothing listens.',
    fix: 'Listen at 0.0.0.0. The network policy decides who may connect.',
  },
  PROBE_TOO_EARLY: {
    severity: 'warning',
    summary: 'A startup or liveness probe ends the container before an enclave can have started.',
    why: 'The container is restarted again and again. An enclave takes about a second to start, and longer on a busy node.',
    fix: 'Raise failureThreshold or periodSeconds, or add a startupProbe: give it 5 seconds at least.',
  },
  PROBE_TOO_LATE: {
    severity: 'error',
    summary: 'A probe begins when a deadline of the pod or its Deployment has passed.',
    why: 'The pod is ended, or the rollout has failed, before the probe is asked for the first time.',
    fix: 'Lower initialDelaySeconds, or raise the deadline.',
  },
  LISTEN_ADDRESS_MISSING: {
    severity: 'warning',
    summary: 'The enclave of a pod listens, but the pod does not say at which address.',
    why: 'Host programs listen on 127.0.0.1 by default, where neither clients nor probes reach them.',
    fix: 'Set the variable ENCLOS_LISTEN_ADDRESS to "0.0.0.0" in the container of the host program.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

const boundaryRules = {
  POD_PRIVILEGED: {
    severity: 'error',
    summary: 'A container of a pod with enclaves is privileged, or may become so.',
    why: 'No enclave needs it. An attacker that takes over the host part gets the node, its devices and the sockets of every other pod.',
    fix: 'Remove it; the device plugin hands in what an enclave needs.',
  },
  POD_HOST_NAMESPACE: {
    severity: 'error',
    summary: 'A pod with enclaves shares a namespace of the node.',
    why: 'It sees the processes, the network or the memory of the node, past every network policy.',
    fix: 'Remove hostNetwork, hostPID and hostIPC.',
  },
  POD_HOST_PATH: {
    severity: 'error',
    summary: 'A pod with enclaves mounts a path of the node.',
    why: 'Most such paths lead to the node or to other pods. Enclaves need only the socket of their quote provider.',
    fix: 'Use a volume of another kind.',
  },
  SGX_DEVICE_MOUNTED: {
    severity: 'error',
    summary: 'A pod mounts an SGX device as a path of the node.',
    why: 'It works only with a privileged container, and the scheduler does not count it.',
    fix: 'Ask for sgx.intel.com/enclave: 1 instead of the mount.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

const placementRules = {
  TOLERATION_MISSING: {
    severity: 'error',
    summary: 'The nodes that a pod needs have a taint that it does not tolerate.',
    why: 'The pod stays Pending.',
    fix: 'Add the toleration.',
  },
  AZURE_SIZE_RETIRED: {
    severity: 'error',
    summary: 'The manifest selects an Azure size that is retired.',
    why: 'Such nodes are no longer available.',
    fix: 'Move to SEV-SNP nodes, such as Standard_DC4as_v6: `enclos deploy --profile aks-snp`.',
  },
  AZURE_SIZE_RETIRING: {
    severity: 'warning',
    summary: 'The manifest selects an Azure size that will be retired.',
    why: 'Azure ends all use of the size on that day, on AKS too, and names no other size with SGX.',
    fix: 'Plan the move to SEV-SNP nodes, such as Standard_DC4as_v6: `enclos deploy --profile aks-snp`.',
  },
  AZURE_RUNTIME_CLASS_RETIRED: {
    severity: 'error',
    summary: 'The pod asks for the runtime class of AKS Confidential Containers.',
    why: 'That preview ended in March 2026, and AKS removes the class.',
    fix: 'Use confidential VM nodes, or virtual nodes on confidential container instances.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** What is right by itself, and not together with other objects or with what is stored. */
const clusterRules = {
  APPLY_DRIFT: {
    severity: 'warning',
    summary: 'The API server stores a field otherwise than it is written.',
    why: 'Every apply is a change: kubectl prints "configured", and Argo CD shows the object as out of sync.',
    fix: 'Leave the field out: empty means the same.',
  },
  NAMESPACE_LEVEL_CLASH: {
    severity: 'error',
    summary: 'Two documents give one namespace different levels of Pod Security.',
    why: 'The last one that is applied counts. Pods that need the wider level are refused when they start the next time, and deleting either document deletes the namespace with everything in it.',
    fix: 'Give each its own namespace.',
  },
  NAMESPACE_LEVEL_REFUSED: {
    severity: 'error',
    summary: 'The Pod Security level of its namespace refuses the pod.',
    why: 'No pod is created; the controller reports FailedCreate, and tries again.',
    fix: 'Remove what the level refuses, or use a namespace with a wider level.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

const webhookRules = {
  WEBHOOK_CA_MISSING: {
    severity: 'error',
    summary: 'A webhook of pods has no CA bundle, or one that is not a certificate.',
    why: 'The API server cannot verify the service: depending on the failure policy, every call fails or has no effect.',
    fix: 'Put the certificate of the CA into caBundle, or let cert-manager do it (cert-manager.io/inject-ca-from).',
  },
  WEBHOOK_FAILURE_POLICY: {
    severity: 'error',
    summary: 'A webhook of pods does not fail open.',
    why: 'The default is Fail: while the webhook is down, no pod of the cluster starts, including the webhook’s own.',
    fix: 'Set failurePolicy: Ignore.',
  },
  WEBHOOK_SELECTOR_MISSING: {
    severity: 'warning',
    summary: 'A webhook is called for every pod of the cluster.',
    why: 'A mistake in it then hits pods that have nothing to do with enclaves.',
    fix: 'Add an objectSelector, such as matchLabels: {enclos.dev/inject: enabled}.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** Every rule of lint, by its code. */
export const lintRules = Object.freeze({
  ...refusals,
  ...resourceRules,
  ...quoteRules,
  ...imageRules,
  ...probeRules,
  ...boundaryRules,
  ...placementRules,
  ...clusterRules,
  ...webhookRules,
});

export type LintCode = keyof typeof lintRules;
