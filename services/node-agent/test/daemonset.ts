import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';

const path = fileURLToPath(new URL('../../deploy/daemonset.yaml', import.meta.url));

/** What of the DaemonSet the tests hold the agent to. */
export interface AgentContainer {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add: readonly string[] };
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

export interface AgentPod {
  readonly hostPID: boolean;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly [AgentContainer];
  readonly volumes: readonly { readonly name: string; readonly hostPath: { readonly path: string } }[];
}

export function agentPod(): AgentPod {
  const documents = loadAll(readFileSync(path, 'utf8')) as readonly { readonly kind: string; readonly spec: unknown }[];
  const found = documents.find(({ kind }) => kind === 'DaemonSet');
  if (found === undefined) throw new Error('There is no DaemonSet.');
  return (found.spec as { readonly template: { readonly spec: AgentPod } }).template.spec;
}

/** The same rights without a container: words that go before a command. */
export function withRightsOf(capabilities: readonly string[]): readonly string[] {
  // The command of the container drops it again before it starts the agent.
  const kept = capabilities.filter((name) => name !== 'SYS_PTRACE').map((name) => `+${name.toLowerCase()}`);
  return ['setpriv', '--no-new-privs', `--bounding-set=${['-all', ...kept].join()}`, '--inh-caps=-all', '--'];
}
