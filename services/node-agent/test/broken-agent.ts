import assert from 'node:assert/strict';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { withinMs } from '@enclos/testkit';
import type { DeviceList } from '../src/plugin/messages.ts';
import type { RunningAgent } from './agent-site.ts';
import type { FakeKubelet } from './fake-kubelet.ts';

/** Whether every device of a list has this health, and there is one. */
export const all =
  (health: string) =>
  ({ devices }: DeviceList): boolean =>
    devices.length > 0 && devices.every((device) => device.health === health);

/** Asserts what is wrong where a person looks: the list of the kubelet, the log, readiness and the metrics. Ends the agent. */
export async function isBroken(
  kubelet: FakeKubelet,
  agent: RunningAgent,
  { code, message }: { readonly code: string; readonly message: RegExp },
): Promise<void> {
  const failed = await withinMs(60_000, agent.said('device-failed'));
  assert.equal(failed['code'], code);
  assert.match(String(failed['message']), message);
  assert.ok(String(failed['next']).length > 20);
  const { metricsPort } = await agent.said('started');
  const ready = await fetch(`http://127.0.0.1:${String(metricsPort)}/readyz`);
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), new RegExp(`^${code}: ${message.source}`));
  const metrics = await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text();
  assert.match(metrics, new RegExp(`^enclos_agent_devices_problem\\{code="${code}"\\} 1$`, 'm'));
  assert.match(metrics, /^enclos_agent_devices\{resource="enclos\.dev\/software-sgx",health="healthy"\} 0$/m);
  const { lists } = await kubelet.plugin(softwareResource);
  assert.ok(lists.every(all('Unhealthy')));
  await agent.stop('SIGKILL');
}
