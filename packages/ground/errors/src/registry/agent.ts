import type { ErrorArea } from './kinds.ts';

export const agentErrors = {
  AGENT_USAGE: {
    kind: 'usage',
    summary: 'The command line of the node agent is not one that it understands.',
    next: 'Run `enclos-node-agent --help`, and correct the arguments of the DaemonSet.',
  },
  AGENT_FOLDER_REFUSED: {
    kind: 'usage',
    summary: 'A folder of the node agent is not there, or somebody but root can change it.',
    next: 'Mount a folder of the node that root alone can write, as the DaemonSet in the docs does.',
  },
  AGENT_KUBELET_REFUSED: {
    kind: 'refused',
    summary: 'The kubelet refused to register a device plugin.',
    next: 'Read the log of the kubelet; most often another plugin on the node has registered the same resource.',
  },
  AGENT_SOCKET_IN_USE: {
    kind: 'transient',
    summary: 'Another agent of the node serves the same device plugin.',
    next: 'Wait for it to end, as during a rollout; run one agent on a node.',
  },
  AGENT_DEVICE_UNKNOWN: {
    kind: 'usage',
    summary: 'A device was asked for that this agent does not have.',
    next: 'Let the kubelet forget the device: delete the pod. It comes back with a device of the present list.',
  },
  AGENT_DEVICE_UNHEALTHY: {
    kind: 'transient',
    summary: 'A device was asked for that does not work at the moment.',
    next: 'Read the log of the node agent for the reason; the pod is scheduled again when the device works.',
  },
  AGENT_ALLOCATION_REFUSED: {
    kind: 'usage',
    summary: 'The kubelet asked for devices in a way that no container can have them.',
    next: 'Correct the resources of the container: a container has at most one software device.',
  },
  AGENT_CALLER_UNKNOWN: {
    kind: 'refused',
    summary: 'The kernel does not say which process connected to a device.',
    next: 'Connect from a living process of the pod; give the agent hostPID, and perl in its image.',
  },
  AGENT_CGROUP_UNAVAILABLE: {
    kind: 'usage',
    summary: 'The agent cannot find the cgroup of a pod.',
    next: 'Mount the node’s cgroup v2 hierarchy into the agent (--cgroup-root), or start it with --no-cgroup.',
  },
} as const satisfies ErrorArea;
