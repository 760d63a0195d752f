import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { createPodSite, deploymentOf, type PodSite } from '@enclos/process-kit/hosts/pods';
import { startProgram, type Ran } from '@enclos/process-kit/processes/programs';
import { separationSkipped } from '@enclos/process-kit/separated/separated';
import { containerTest, freePort, goIsHere, goTest } from '@enclos/testkit';
import { buildSampleClient, copySamples, writeTrust } from './samples.ts';

const project = 'samples/go/attested-tls/server';
let site: PodSite | undefined;
const folder = mkdtempSync(join(tmpdir(), 'enclos-go-pod-'));
after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The server of EGo's sample for AKS, in ours: one pod, one port, and clients outside that make it prove what it is. */
async function podTest(t: TestContext): Promise<void> {
  const reason = separationSkipped();
  if (reason !== false) return t.skip(`the platform of the machine is separated: ${reason}`);
  site = await createPodSite();
  const { mrEnclave } = await site.loadGo('samples/go', 'attested-tls/server');
  const port = await freePort();
  const manifest = await site.deploy({
    ...deploymentOf(project),
    image: 'localhost/attested-tls-go:1',
    args: ['--listen', `clients=127.0.0.1:${port}`],
    // podman publishes no ports of pods that are on the network of the machine already.
    listen: [],
    probes: {},
  });
  await site.until(await site.play(manifest), /^listening at port 12341$/m);

  copySamples(folder);
  const client = await buildSampleClient(folder, 'attested-tls');
  const { root } = site;
  const ask = (wanted: string, softwareRoot = root.fingerprint): Promise<Ran> => {
    const files = writeTrust(folder, { root: root.pem, collateral: root.collateral, mrEnclave: wanted, softwareRoot });
    const words = Object.entries(files).flatMap(([name, path]) => [`-${name}`, path]);
    return startProgram([client, '-server', `127.0.0.1:${port}`, ...words], { cwd: folder }).ended;
  };
  const { code, stdout, stderr } = await ask(mrEnclave);
  assert.equal(code, 0, stderr);
  const status = `attested (fresh): sgx enclave ${mrEnclave}, status OK`;
  assert.equal(stdout, `${status}\nThe enclave has read: who are you?\n`);
  for (const stranger of [await ask('00'.repeat(32)), await ask(mrEnclave, '11'.repeat(32))]) {
    assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
    assert.match(stranger.stderr, /APPRAISAL_REFUSED/);
  }
  await site.down(manifest);
}

const name =
  'attested-tls in Go as a pod: a client outside hears from the enclave that it knows, by the root it was given';
if (goIsHere) containerTest(name, podTest);
else goTest(name, () => undefined);
