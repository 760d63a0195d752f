import { declareErrors } from '@enclos/errors';

export const agentErrors = declareErrors({
  AGENT_USAGE: [
    'usage',
    'The command line is not valid for the node agent.',
    'Run `enclos-node-agent --help` or `enclos-node-agent manifests --help`, and correct the arguments.',
  ],
  AGENT_FOLDER_REFUSED: [
    'usage',
    'A folder of the node agent is missing, or users other than root can change it.',
    'Mount a folder of the node that only root can write to, as the DaemonSet in the docs does.',
  ],
  AGENT_KUBELET_REFUSED: [
    'refused',
    'The kubelet refused to register a device plugin.',
    'Read the log of the kubelet; most often another plugin on the node has registered the same resource.',
  ],
  AGENT_SOCKET_IN_USE: [
    'transient',
    'Another agent of the node serves the same device plugin.',
    'Wait for it to end, as during a rollout. Run only one agent on a node.',
  ],
  AGENT_DEVICE_UNKNOWN: [
    'usage',
    'The kubelet asked for a device that this agent does not have.',
    'To make the kubelet forget the device, delete the pod. It comes back with a device of the present list.',
  ],
  AGENT_DEVICE_UNHEALTHY: [
    'transient',
    'The kubelet asked for a device that does not work at the moment.',
    'Read the log of the node agent for the reason; the pod is scheduled again when the device works.',
  ],
  AGENT_ALLOCATION_REFUSED: [
    'usage',
    'The kubelet asked for a combination of devices that no container can have.',
    'Correct the resources of the container: a container has at most one software device.',
  ],
  AGENT_STUCK: [
    'transient',
    'The node agent stopped responding, and its watchdog killed it.',
    'Nothing, once: Kubernetes starts the agent again, and pods connect again. When it repeats, check the node for a disk that hangs and for too little processor time.',
  ],
  AGENT_TOO_SLOW: [
    'transient',
    'The node agent did not finish a request in time.',
    'Delete the pod, or wait for its controller to replace it. When it repeats, check the disk of the node that holds /run/enclos and the load of the node.',
  ],
  AGENT_BUSY: [
    'transient',
    'The node agent has too many requests of the kubelet in progress.',
    'Wait for the pods that are starting on this node; when it lasts, read the log of the node agent.',
  ],
  AGENT_CLAIM_REFUSED: [
    'usage',
    'The node agent cannot prepare a resource claim.',
    'Correct the claim of the pod: one device of the class software-sgx.enclos.dev for each request, and a separate claim for each pod.',
  ],
  AGENT_PODS_UNKNOWN: [
    'transient',
    'The kubelet does not say which devices its pods have, so folders of pods that are gone stay.',
    'Mount /var/lib/kubelet/pod-resources into the agent, read-only, as the DaemonSet in the docs does. It is asked again.',
  ],
  AGENT_CALLER_UNKNOWN: [
    'refused',
    'The kernel does not say which process connected to a device.',
    'Connect from a living process of the pod; give the agent hostPID, and perl in its image.',
  ],
  AGENT_CGROUP_UNAVAILABLE: [
    'usage',
    'The agent cannot count an enclave with its pod.',
    'Mount the node’s /sys/fs/cgroup into the agent, writable (--cgroup-root), or start it with --no-cgroup.',
  ],
  AGENT_ISOLATION_INCOMPLETE: [
    'refused',
    'The node cannot give enclaves every layer of isolation, so its software devices are unhealthy.',
    'Give the agent the privileges of its manifest, and the node a kernel with these layers; or start the agent with --allow-missing-isolation.',
  ],
  AGENT_COLLATERAL_UNREACHABLE: [
    'transient',
    'The agent cannot read the collateral of its vendor.',
    'Check the file or the address of --collateral. The agent tries again by itself, and pods get what it holds.',
  ],
  AGENT_COLLATERAL_REFUSED: [
    'evidence',
    'What --collateral names is not newer collateral of the vendor of this node.',
    'Publish it again at the vendor: `enclos platform publish`. Pods get what the agent held before.',
  ],
  AGENT_COLLATERAL_EXPIRED: [
    'evidence',
    'The collateral that pods get has expired, and verifiers may refuse it.',
    'Publish it again at the vendor: `enclos platform publish`. A vendor does this at least once in 15 days.',
  ],
  AGENT_COLLATERAL_NOT_KEPT: [
    'transient',
    'The agent could not write its copy of the collateral to the disk.',
    'Free space in the folder of --state, or make it writable. Until then a restart needs --collateral at once.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof agentErrors, true> {}
}
