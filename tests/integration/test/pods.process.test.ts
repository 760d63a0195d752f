import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, type TestContext } from 'node:test';
import { freePort } from '@enclos/testkit';
import { containerTest } from '../src/containers.ts';
import { configMapOf, createPodSite, sampleDeployment, type PodRoot, type PodSite } from '../src/pods.ts';
import type { Ran } from '../src/programs.ts';
import { separationSkipped } from '../src/separated.ts';

/** The samples of Azure's pages as pods: images that `image build` made, run from the YAML that `deploy` wrote. */
function podTest(name: string, body: (site: PodSite) => Promise<void>): void {
  containerTest(name, async (t: TestContext) => {
    const reason = separationSkipped();
    if (reason !== false) return t.skip(`the platform of the machine is separated: ${reason}`);
    await body(await (started ??= createPodSite()));
  });
}

let started: Promise<PodSite> | undefined;
after(async () => {
  await (await started)?.close();
});

podTest('the hello-world Job prints by its host, answers, and ends with 0', async (site) => {
  const { mrEnclave, layout } = await site.load('hello-world');
  const settings = { ...sampleDeployment('hello-world'), image: 'localhost/hello-world:1' };
  const manifest = await site.deploy(settings, {}, ['--image-layout', layout]);
  assert.ok(readFileSync(manifest, 'utf8').includes(`dev.enclos.mrenclave: ${mrEnclave}`));
  const { code, stdout, stderr } = await site.ended(await site.play(manifest));
  await site.down(manifest);
  assert.equal(stdout, 'Enclave called into host to print: Hello World!\nHello world from the enclave\n', stderr);
  assert.equal(code, 0);
});

podTest(
  'attested-tls: a client pod hears from the enclave that it knows, by the root that it was given',
  async (site) => {
    const image = 'localhost/attested-tls:1';
    const { mrEnclave } = await site.load('attested-tls', '--program', 'client=src/client.ts');
    const [port, collateralPort] = [await freePort(), await freePort()];
    const server = await site.deploy({
      ...sampleDeployment('attested-tls'),
      image,
      // Pods of podman share the network of this machine; nobody else should see them.
      env: { ADDRESS: '127.0.0.1', PORT: `${port}`, COLLATERAL_PORT: `${collateralPort}` },
      // podman publishes no ports of pods that are on the network of the machine already.
      listen: [],
      probes: {},
    });
    await site.until(await site.play(server), new RegExp(`^127\\.0\\.0\\.1:${port}, enclave ${mrEnclave}$`, 'm'));

    const client = async (root: PodRoot, measured: string): Promise<Ran> => {
      const sample = sampleDeployment('attested-tls', 'client');
      const manifest = await site.deploy(
        {
          ...sample,
          image,
          env: {
            ...(sample['env'] as Record<string, string>),
            SERVER: `127.0.0.1:${port}`,
            COLLATERAL: `http://127.0.0.1:${collateralPort}/collateral`,
          },
          softwareRoots: { fingerprints: [root.fingerprint], pem: 'root.pem' },
        },
        { 'root.pem': root.pem },
      );
      const policy = {
        tee: 'sgx',
        mrEnclave: [measured],
        productId: 11,
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK'],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      };
      const map = configMapOf('attested-tls-policy', 'policy.json', JSON.stringify(policy));
      const ran = await site.ended(await site.play(manifest, [map]));
      await site.down(manifest);
      return ran;
    };

    const heard = await client(site.root, mrEnclave);
    assert.equal(heard.code, 0, heard.stderr);
    assert.equal(
      heard.stdout,
      `attested (fresh): sgx enclave ${mrEnclave}, status OK\nThe enclave has read: who are you?\n`,
    );
    const other = await client(await site.otherRoot(), mrEnclave);
    assert.deepEqual([other.code, other.stdout], [1, '']);
    assert.match(other.stderr, /^EVIDENCE_REFUSED: /);
    const stranger = await client(site.root, '00'.repeat(32));
    assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
    assert.match(stranger.stderr, /^APPRAISAL_REFUSED: /);
    await site.down(server);
  },
);
