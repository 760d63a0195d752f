import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { verifyInterpreter } from '@enclos/isolation';
import { containerTest } from '@enclos/testkit';
import { createPodMachine, type PodMachine } from '@enclos/process-kit/hosts/pod-machine';
import { enclosBin, type Ran } from '@enclos/process-kit/processes/programs';
import { separationSkipped } from '@enclos/process-kit/separated/separated';

/** A readiness probe, as the manifest of a cluster has it. */
interface Probe {
  readonly tcpSocket?: { readonly port: string };
  readonly httpGet?: { readonly port: string; readonly path: string };
}

interface WorkloadObject {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly readinessProbe: Probe;
        }[];
      };
    };
  };
}

/** What a newcomer has when the pod runs. */
interface NewPod {
  readonly machine: PodMachine;
  readonly project: string;
  readonly mrEnclave: string;
  /** What `deploy` printed. */
  readonly said: string;
  /** The client of the template, which Node runs from its TypeScript. */
  readonly client: (...argv: readonly string[]) => Promise<Ran>;
}

let started: Promise<PodMachine> | undefined;
after(async () => {
  await (await started)?.close();
});

/** From `enclos new` to a pod of podman that is ready by the probe of the cluster's manifest. */
function newPodTest(template: string, name: string, body: (pod: NewPod) => Promise<void>): void {
  containerTest(`${template}: from nothing to an answered request in a pod`, async (t: TestContext) => {
    const reason = separationSkipped();
    if (reason !== false) return t.skip(`the platform of the machine is separated: ${reason}`);
    const machine = await (started ??= createPodMachine());
    const project = await machine.project(name, template);
    const enclos = (...argv: readonly string[]): Promise<string> => machine.enclos(project, ...argv);
    await enclos('build');
    await enclos('keygen', 'signing.key.pem');
    await enclos('sign', '--key', 'signing.key.pem');
    const built = JSON.parse(await enclos('image', 'build', '--tag', '1', '--archive', 'image.tar', '--json')) as {
      readonly identity: { readonly mrEnclave: string };
    };
    await machine.podman('load', '--quiet', '--input', join(project, 'image.tar'));
    const layout = ['--image-layout', `.enclos/${name}.oci`];
    const said = await enclos('deploy', '--profile', 'podman', '--image', `localhost/${name}:1`, ...layout);
    const cluster = await enclos('deploy', '--image', `registry.example/${name}`, ...layout, '--json');
    const manifest = join(project, `deploy/podman/${name}.yaml`);
    await machine.podman('kube', 'play', manifest);
    await ready(machine, name, workloadOf(cluster));
    writeFileSync(join(project, 'root.pem'), machine.root.pem);
    const node = (await verifyInterpreter()).path;
    await body({
      machine,
      project,
      said,
      mrEnclave: built.identity.mrEnclave,
      client: (...argv) => machine.run(project, node, 'src/client.ts', ...argv),
    });
    await machine.podman('kube', 'down', manifest);
  });
}

function workloadOf(json: string): WorkloadObject {
  const { objects } = JSON.parse(json) as { readonly objects: readonly WorkloadObject[] };
  const workload = objects.find(({ kind }) => kind === 'Deployment');
  assert.ok(workload !== undefined, 'there is no Deployment');
  return workload;
}

const patienceMs = 60_000;

/** Asks what the kubelet would ask, at the address of the pod, until it succeeds. */
async function ready(machine: PodMachine, name: string, workload: WorkloadObject): Promise<void> {
  const [container] = workload.spec.template.spec.containers;
  assert.ok(container !== undefined);
  const { tcpSocket, httpGet } = container.readinessProbe;
  const wanted = tcpSocket?.port ?? httpGet?.port;
  const port = container.ports.find((one) => one.name === wanted)?.containerPort;
  assert.ok(port !== undefined, `no port ${wanted}`);
  const infra = (await machine.podman('pod', 'inspect', '--format', '{{.InfraContainerID}}', `${name}-pod`)).trim();
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const address = (await machine.podman('inspect', '--format', format, infra)).trim();
  const program =
    httpGet === undefined
      ? `require('node:net').connect(${port}, '${address}', () => process.exit(0)).on('error', () => process.exit(1))`
      : `fetch('http://${address}:${port}${httpGet.path}').then(({ status }) => process.exit(status < 400 ? 0 : 1), () => process.exit(1))`;
  const giveUpAt = performance.now() + patienceMs;
  while ((await machine.run(machine.folder, process.execPath, '-e', program)).code !== 0) {
    const logs = await machine.podman('logs', `${name}-pod-${name}`);
    assert.ok(performance.now() < giveUpAt, `the pod at ${address}:${port} is not ready: ${logs}`);
  }
}

newPodTest('tls-service', 'auction', async ({ client, mrEnclave, said, project }) => {
  assert.match(said, /✔ wrote .*\/deploy\.json, made from the image\n/);
  const settings = JSON.parse(readFileSync(join(project, 'deploy.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(settings['listen'], [{ name: 'clients', port: 8443 }]);
  const bid = await client('127.0.0.1:8443', 'root.pem', mrEnclave, '120');
  assert.equal(
    bid.stdout,
    'the key of the server belongs to the enclave that was expected\na bid of 120: highest\n',
    bid.stderr,
  );
  const other = await client('127.0.0.1:8443', 'root.pem', '00'.repeat(32), '500');
  assert.deepEqual([other.code, other.stdout], [1, '']);
  assert.match(other.stderr, /^✖ APPRAISAL_REFUSED: /);
});

newPodTest('atls-service', 'ballot', async ({ client, mrEnclave, machine, project }) => {
  const init = ['policy', 'init', '--from', 'localhost:8443', '--out', 'policy.json'];
  const made = await machine.run(project, process.execPath, enclosBin, ...init);
  assert.equal(made.code, 0, made.stderr);
  const path = join(project, 'policy.json');
  const policy = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  // What the pod says of itself is what was built here, on the platform whose root its vendor told.
  assert.deepEqual([policy['mrEnclave'], policy['softwareRoots']], [[mrEnclave], [machine.root.fingerprint]]);
  const vote = await client('https://localhost:8443', 'tea');
  assert.equal(vote.code, 0, vote.stderr);
  assert.match(vote.stdout, /^a vote for tea: /);
  writeFileSync(path, JSON.stringify({ ...policy, mrEnclave: ['00'.repeat(32)] }));
  const other = await client('https://localhost:8443', 'tea');
  assert.deepEqual([other.code, other.stdout], [1, '']);
  assert.match(other.stderr, /^✖ APPRAISAL_REFUSED: /);
});

newPodTest('service', 'notary', async ({ client, mrEnclave, said, machine }) => {
  assert.doesNotMatch(said, /made from/, 'the template has a deploy.json');
  const signed = await client('http://127.0.0.1:8080', 'root.pem', mrEnclave, 'I saw it');
  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stdout, /^the key belongs to the enclave that was expected\nsigned by it: I saw it\n/);
  const stranger = await client('http://127.0.0.1:8080', 'root.pem', '00'.repeat(32), 'I saw it');
  assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
  assert.match(stranger.stderr, /APPRAISAL_REFUSED/);
  // Programs of the machine reach the port, and others do not: it is published at one address.
  const published = await machine.podman('ps', '--format', '{{.Ports}}');
  assert.match(published, /^127\.0\.0\.1:8080->8080\/tcp$/m);
});
