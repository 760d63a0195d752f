import { test } from 'node:test';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import { agentSkipped, createAgentSite } from './agent-site.ts';
import { isBroken } from './broken-agent.ts';
import { startFakeKubelet } from './fake-kubelet.ts';
import { nodeCgroups } from './pod-cgroups.ts';

const node = nodeCgroups();
const skip = agentSkipped() || (node === undefined && 'needs cgroups that count memory');

// The other ways in which a node can be broken are tried in the slow lane.
test(
  'the health of a node is bad, with a reason, when the agent does not see the processes of pods (no hostPID)',
  { skip },
  async (t) => {
    const site = await createAgentSite();
    t.after(() => site.close());
    const kubelet = await startFakeKubelet({ definitions: loadDefinitions(), folder: site.kubeletFolder });
    t.after(() => kubelet.stop());
    const words = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const agent = site.agentBy(words, '--cgroup-root', node?.root ?? '', '--metrics', '127.0.0.1:0');
    await isBroken(kubelet, agent, {
      code: 'AGENT_CALLER_UNKNOWN',
      message: /The agent does not see the process of the kubelet/,
    });
  },
);
