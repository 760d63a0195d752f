import type { V1PodSpec, V1SecurityContext } from '@enclos/kubernetes/objects';
import { hasSoftware, type ManifestOptions } from './options.ts';

/**
 * What an agent does, on which its privileges depend:
 * - `pod`: software devices, and enclaves count towards the limits of their pods
 * - `agent`: software devices, and enclaves count towards the limits of the agent
 * - `hardware`: no software devices
 */
type AgentMode = 'pod' | 'agent' | 'hardware';

type ModeOptions = Pick<ManifestOptions, 'devices' | 'claims' | 'hasCgroups' | 'entersNode'>;

function modeOf(options: ModeOptions): AgentMode {
  if (!hasSoftware(options)) return 'hardware';
  return options.hasCgroups ? 'pod' : 'agent';
}

/** What the agent does with each of them is said in its README, and tests take each away. */
const ofSoftware = ['KILL', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN'];

export function capabilitiesOf(options: ModeOptions): readonly string[] {
  const mode = modeOf(options);
  if (mode === 'hardware') return [];
  // For `nsenter`, and dropped before the agent starts.
  return mode === 'pod' && options.entersNode ? [...ofSoftware, 'SYS_PTRACE'] : ofSoftware;
}

export function securityContextOf(options: ModeOptions): V1SecurityContext {
  const add = capabilitiesOf(options);
  return {
    // No other user may write where the kubelet and the agent have their sockets.
    runAsUser: 0,
    runAsGroup: 0,
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], ...(add.length === 0 ? {} : { add: [...add] }) },
    seccompProfile: { type: 'RuntimeDefault' },
    // The runtime's profile refuses the mounts that a mount namespace begins with. Otherwise it is left to the node: one without
    // AppArmor refuses pods that ask for a profile.
    ...(add.includes('SYS_ADMIN') ? { appArmorProfile: { type: 'Unconfined' } } : {}),
  };
}

/**
 * A caller is known by its process id on the node. Where that does not matter, the agent stays among its own processes. It
 * would be the first of them then, and not reap what its enclaves leave; the pause container does.
 */
export function processesOf(options: ModeOptions): Pick<V1PodSpec, 'hostPID' | 'shareProcessNamespace'> {
  const mode = modeOf(options);
  if (mode === 'pod') return { hostPID: true };
  return mode === 'agent' ? { shareProcessNamespace: true } : {};
}

/** It starts in the cgroup namespace of the node, and drops what that took. */
export function commandOf(options: ModeOptions): string[] {
  const agent = ['/usr/local/bin/node', '/app/enclos-node-agent.mjs'];
  if (modeOf(options) !== 'pod' || !options.entersNode) return agent;
  return ['nsenter', '--target=1', '--cgroup', '--', 'setpriv', '--bounding-set=-sys_ptrace', '--', ...agent];
}
