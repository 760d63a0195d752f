import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { utf8 } from '@enclos/codec';
import { createMachine, enrol, openMachine } from '@enclos/software-sgx';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { until, withinMs } from '@enclos/testkit';
import { loadDefinitions } from '../../src/plugin/definitions.ts';
import { agentSkipped, createAgentSite, type AgentSite, type RunningAgent } from '../agent-site.ts';
import { startFakeKubelet, type FakeKubelet } from '../fake-kubelet.ts';
import { nodeCgroups } from '../pod-cgroups.ts';
import type { Pod } from '../pod.ts';
import { temporaryFolder } from '../support.ts';
import { vendorElsewhere, type VendorElsewhere } from './vendor.ts';

const node = nodeCgroups();
const agentWords = node === undefined ? ['--no-cgroup'] : ['--cgroup-root', node.root];

async function ready(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return `${response.status}: ${(await response.text()).trim()}`;
}

/** As docs/how-to/software-sgx-in-a-cluster.md recommends it: the vendor is on a computer that is not a node. */
describe('a node whose vendor is elsewhere', { skip: agentSkipped() }, () => {
  const vendorFolder = temporaryFolder();
  const mount = join(vendorFolder, 'mount');
  let elsewhere: VendorElsewhere;
  let site: AgentSite;
  let kubelet: FakeKubelet;
  let agent: RunningAgent;
  let pod: Pod;
  let port = 0;

  before(async () => {
    elsewhere = await vendorElsewhere(vendorFolder, new Date());
    mkdirSync(mount);
    site = await createAgentSite({ vendorWords: ['--collateral', mount, '--metrics', '127.0.0.1:0'] });
    const machineFolder = join(site.folder, 'state/machine');
    mkdirSync(join(site.folder, 'state'), { mode: 0o700 });
    await createMachine(machineFolder, { separation: 'separated' });
    await enrol(elsewhere.vendor, await openMachine(machineFolder), new Date(), { allowSeparated: true });
    kubelet = await startFakeKubelet({ definitions: loadDefinitions(), folder: site.kubeletFolder });
    agent = site.agent(...agentWords);
    const plugin = await kubelet.plugin(softwareResource);
    const healthy = plugin.until(
      ({ devices }) => devices.length === 3 && devices.every(({ health }) => health === 'Healthy'),
    );
    await withinMs(60_000, healthy);
    port = Number((await agent.said('started'))['metricsPort']);
    const { container_responses: answers } = await plugin.allocate(['software-sgx-0']);
    pod = site.pod(answers[0] ?? {}, { cgroup: node === undefined ? undefined : site.cgroup('elsewhere') });
    await pod.does('connect');
    await pod.does('load');
  });
  after(async () => {
    await kubelet.stop();
    await site.close();
  });

  test('runs enclaves before there is collateral, tells pods a code, and is not ready, with the reason', async () => {
    assert.equal(await pod.attempt('endorsements'), 'COLLATERAL_UNAVAILABLE');
    const why = `AGENT_COLLATERAL_REFUSED: ${mount} has no file with a name that ends in .json; it may have 1 to 16.`;
    assert.equal(await ready(port), `503: there is no collateral for pods (${why})`);
    const said = await agent.said('collateral-failed');
    assert.equal(said['code'], 'AGENT_COLLATERAL_REFUSED');
    assert.match(String(said['next']), /enclos platform publish/);
  });

  test('gives pods the collateral of the vendor, with which an outsider who names the root verifies them', async () => {
    writeFileSync(join(mount, 'collateral.json'), await elsewhere.collateral());
    await withinMs(60_000, agent.said('collateral-accepted'));
    assert.equal(await ready(port), '200: ok');
    const nonce = utf8('a nonce of the relying party');
    const quote = String(await pod.does('quote', 'device test v1', Buffer.from(nonce).toString('base64')));
    // The root comes from the vendor, not from the node.
    const root = await softwareRoot(elsewhere.vendor.rootPem);
    const endorsements = parseCollateral(String(await pod.does('endorsements')));
    const bytes = new Uint8Array(Buffer.from(quote, 'base64'));
    const verdict = await verifyQuote(bytes, endorsements, { roots: [root], now: new Date() });
    const policy = {
      mrEnclave: [site.mrEnclave],
      minimumSecurityVersion: 1,
      acceptedStatuses: ['OK' as const],
      acceptedAdvisoryIds: [],
      intelRoot: false,
      softwareRoots: [elsewhere.vendor.rootFingerprint],
    };
    const binding = { reportData: await boundReportData({ purpose: 'device test v1', nonce }) };
    appraise(verdict, policy, binding, { now: new Date() });
    // In 31 days the same collateral does not convince anyone any more.
    const later = new Date(Date.now() + 31 * 86_400_000);
    const old = await verifyQuote(bytes, endorsements, { roots: [root], now: later });
    assert.throws(() => appraise(old, policy, binding, { now: later }), {
      code: 'APPRAISAL_REFUSED',
      message: /expired/,
    });
  });

  test('keeps it over a restart without the source', async () => {
    await agent.stop('SIGTERM');
    const { length } = kubelet.plugins;
    rmSync(mount, { recursive: true });
    agent = site.agent(...agentWords);
    await until('it is registered', () => kubelet.plugins.length > length);
    await withinMs(60_000, agent.said('platform-ready'));
    assert.deepEqual(JSON.parse(String(await podAgain())), JSON.parse(await elsewhere.collateral()));
  });

  async function podAgain(): Promise<unknown> {
    await pod.does('connect');
    return pod.does('endorsements');
  }
});
