import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { AttestationAdministrationClient, AttestationClient } from '@azure/attestation';
import { makeDevelopmentConfiguration } from '@enclos/attestation-service';
import { unpackCertificate } from '@enclos/atls/certificate';
import { toPem } from '@enclos/codec/pem';
import { containerTest, freePort, holdersOfPeer, until } from '@enclos/testkit';
import { configMapOf, createPodSite, deploymentOf, type PodRoot, type PodSite } from '@enclos/process-kit/hosts/pods';
import type { Ran } from '@enclos/process-kit/processes/programs';
import { shownCertificate } from '@enclos/process-kit/attestation/service-calls';
import { enclaveUsers, separationSkipped } from '@enclos/process-kit/separated/separated';

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
  const { mrEnclave, layout } = await site.load('samples/hello-world');
  const settings = { ...deploymentOf('samples/hello-world'), image: 'localhost/hello-world:1' };
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
    const { mrEnclave } = await site.load('samples/attested-tls', '--program', 'client=src/client.ts');
    const [port, collateralPort] = [await freePort(), await freePort()];
    const server = await site.deploy({
      ...deploymentOf('samples/attested-tls'),
      image,
      // Pods of podman share the network of this machine; nobody else should see them.
      env: { PORT: `${port}`, COLLATERAL_PORT: `${collateralPort}` },
      // podman publishes no ports of pods that are on the network of the machine already.
      listen: [],
      probes: {},
    });
    await site.until(await site.play(server), new RegExp(`^127\\.0\\.0\\.1:${port}, enclave ${mrEnclave}$`, 'm'));

    // The platform runs beside the pods, with its filter of system calls: the enclave holds the connections of its clients.
    const held = connect(port, '127.0.0.1');
    await once(held, 'connect');
    await until('the enclave has it', () =>
      holdersOfPeer(held).some(({ user }) => user >= enclaveUsers.first && user <= enclaveUsers.last),
    );
    held.destroy();

    const client = async (root: PodRoot, measured: string): Promise<Ran> => {
      const sample = deploymentOf('samples/attested-tls/client');
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
    assert.match(other.stderr, /^✖ EVIDENCE_REFUSED: /);
    const stranger = await client(site.root, '00'.repeat(32));
    assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
    assert.match(stranger.stderr, /^✖ APPRAISAL_REFUSED: /);
    await site.down(server);
  },
);

podTest(
  'the attestation service: configured by a ConfigMap, with its store on a volume, it answers Azure’s clients',
  async (site) => {
    const { mrEnclave } = await site.load('services/attestation');
    const [port, adminPort] = [await freePort(), await freePort()];
    const sample = deploymentOf('services/attestation');
    const args = (sample['args'] as readonly string[]).map((word) =>
      word.replace('0.0.0.0:8443', `127.0.0.1:${port}`).replace('0.0.0.0:8081', `127.0.0.1:${adminPort}`),
    );
    const manifest = await site.deploy({ ...sample, image: 'localhost/attestation:1', args, listen: [], probes: {} });
    assert.match(readFileSync(manifest, 'utf8'), /readOnlyRootFilesystem: true/);
    const folder = mkdtempSync(join(tmpdir(), 'enclos-attestation-pod-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const files = { configuration: join(folder, 'attestation.json'), token: join(folder, 'token.txt') };
    const at = `https://localhost:${port}`;
    // The tenant of a development configuration, for the root of the platform that the pod runs on.
    const endorsements = JSON.stringify({ tcb_info_issuer_chain: site.root.pem });
    await makeDevelopmentConfiguration({ ...files, issuer: at, endorsements, now: new Date() });
    const configuration = readFileSync(files.configuration, 'utf8');
    const map = configMapOf('attestation-configuration', 'attestation.json', configuration);
    const token = readFileSync(files.token, 'utf8').trim();
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };

    const start = async () => {
      await site.until(await site.play(manifest, [map]), /"event":"tenant"/);
      const certificate = await shownCertificate(port);
      const tlsOptions = { ca: toPem('CERTIFICATE', certificate) };
      const manager = new AttestationAdministrationClient(at, credential, { tlsOptions });
      return { certificate, manager, client: new AttestationClient(at, { tlsOptions }) };
    };
    const first = await start();
    assert.equal((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status, 200);
    // An enclave of this platform whose evidence is at hand: the service's own.
    const { quote } = await unpackCertificate(first.certificate);
    assert.equal((await first.client.attestSgxEnclave(quote)).body.mrEnclave, mrEnclave);
    const policy = 'version=1.0; authorizationrules { => permit(); }; issuancerules {};';
    await first.manager.setPolicy('SgxEnclave', policy);
    await site.down(manifest, 'kept');
    const second = await start();
    assert.notDeepEqual(second.certificate, first.certificate, 'keys are born anew');
    assert.equal((await second.manager.getPolicy('SgxEnclave')).body, policy);
    assert.equal((await second.client.attestSgxEnclave(quote)).body.mrEnclave, mrEnclave);
    await site.down(manifest);
  },
);
