import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { softwareRoot } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { createInferenceClient, type InferenceClient, type OuterFetch } from '@enclos/inference-client';
import { createSealedCarrier, policyReportAppraiser } from '@enclos/inference-client/node';
import { runService, type RunningService } from '@enclos/inference-service';
import { tensorOf } from '@enclos/open-inference';
import { createWorkshop, serviceEnvironment, signingKey, until } from '@enclos/process-kit';
import { enclaveProcesses } from '@enclos/process-kit/processes/lifetime';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { freePort } from '@enclos/testkit';

const serviceFolder = fileURLToPath(new URL('../../../../services/inference', import.meta.url));
const models = fileURLToPath(new URL('../../../../samples/inference/models', import.meta.url));
/** Not a service: what a client of a load balancer is given. */
const balancer = 'https://inference.test';
const nextAnswerMs = 2000;

const workshop = createWorkshop();
const carrier = createSealedCarrier();
const log: string[] = [];
let built: Awaited<ReturnType<typeof buildEnclave>>;
let platform: Awaited<ReturnType<typeof workshop.startPlatform>>;
const replicas: Replica[] = [];
/** The same image on the platform of another vendor, which is told where the replicas are. */
let stranger: Replica;

interface Replica {
  readonly service: RunningService;
  readonly url: string;
  /** Where other replicas reach it. */
  readonly port: number;
  /** Its enclave and engines. */
  readonly processes: readonly number[];
}

interface Sent {
  readonly path: string;
  readonly init: RequestInit;
}

async function start(port: number, ports: readonly number[], on = platform): Promise<Replica> {
  const former = new Set(enclaveProcesses(on));
  const signature = signEnclave({ image: built.image, key: signingKey('first'), date: new Date('2026-06-01') });
  const service = await runService(
    {
      models,
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      replicas: ports.map((other) => ({ host: '127.0.0.1', port: other })),
      listenReplicas: { host: '127.0.0.1', port },
    },
    {
      environment: serviceEnvironment(
        { image: built.image, signature, companionFiles: built.paths.companionFiles },
        on,
      ),
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: (fields, message) => log.push(`${JSON.stringify(fields)} ${message}`),
        error: () => undefined,
      },
    },
  );
  const processes = enclaveProcesses(on).filter((id) => !former.has(id));
  return { service, url: `https://127.0.0.1:${service.address.port}`, port, processes };
}

async function othersOf({ service }: Replica): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
  return Number(/^enclos_inference_replicas (\d+)$/m.exec(metrics)?.[1]);
}

before(async () => {
  built = await buildEnclave(await loadProject(serviceFolder), { outFolder: workshop.subfolder('image') });
  platform = await workshop.startPlatform('here');
  const [first, second, third] = [await freePort(), await freePort(), await freePort()];
  const ports = [first, second];
  replicas.push(await start(first, ports));
  const foreign = await workshop.startPlatform('foreign');
  const [other, outsider] = await Promise.all([start(second, ports), start(third, ports, foreign)]);
  replicas.push(other);
  stranger = outsider;
  await until('each knows the other', async () => {
    const counts = await Promise.all(replicas.map(async (replica) => othersOf(replica)));
    return counts.every((count) => count === 1);
  });
});
after(async () => {
  carrier.close();
  for (const { service } of replicas) await service.stop();
  await stranger?.service.stop();
  await workshop.close();
});

/** A client behind a load balancer that sends every request to the next replica, but for what `choose` says. */
async function clientOf(
  choose: (sent: Sent) => Replica | undefined = () => undefined,
  seen: Sent[] = [],
): Promise<InferenceClient> {
  let turn = 0;
  const fetchThere: OuterFetch = async (address, init) => {
    const { pathname, search } = new URL(address);
    const sent = { path: `${pathname}${search}`, init };
    seen.push(sent);
    const next = choose(sent) ?? replicas[turn++ % replicas.length];
    return carrier.fetch(`${next?.url}${sent.path}`, init);
  };
  const { rootPem } = await openVendor(stateFolders(workshop.stateFolder('here')).vendorFolder);
  const policy = {
    mrEnclave: [toHex(built.mrEnclave)],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [(await softwareRoot(rootPem)).fingerprint],
  } as const;
  const appraise = policyReportAppraiser({ policy });
  return createInferenceClient({ url: balancer, appraise, fetch: fetchThere, receipts: 'require' });
}

const pixels = Float32Array.from({ length: 64 }, (_, at) => (at % 8 === 3 || at % 8 === 4 ? 0.9 : 0));

async function ask(client: InferenceClient): Promise<string> {
  const { outputs } = await client.infer({
    model: 'digits',
    inputs: [tensorOf('input', 'FP32', pixels, [1, 1, 8, 8])],
  });
  return toHex(outputs[0]?.data ?? new Uint8Array());
}

const isRetryable = (error: unknown): boolean => isEnclosError(error) && error.kind === 'transient';

describe('two replicas of the inference service', () => {
  test('answer for each other, with receipts, whichever of them a request reaches', async () => {
    const client = await clientOf();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => ask(client)));
    assert.equal(new Set(answers).size, 1);
    client.close();
  });

  test('accept a request once between them: a replay to the other replica is refused', async () => {
    const seen: Sent[] = [];
    const client = await clientOf(() => replicas[0], seen);
    await ask(client);
    const copy = seen.findLast(({ path }) => path === '/ohttp');
    assert.ok(copy !== undefined);
    for (const { url } of replicas) {
      const answer = await carrier.fetch(`${url}${copy.path}`, copy.init);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /HPKE_REPLAYED/);
    }
    client.close();
  });

  test('a replica of another vendor is refused: a foreign software root', async () => {
    await until('it was refused', () => log.some((line) => line.includes('EVIDENCE_REFUSED')));
    assert.equal(await othersOf(stranger), 0);
  });

  test('one that is killed under load loses what it had, to be sent again, and the other one answers', async () => {
    const client = await clientOf();
    const right = await ask(client);
    const victim = replicas[1];
    assert.ok(victim !== undefined);
    const toll = { answered: 0, again: 0 };
    const killed = new AbortController();
    let recoveredAtMs: number | undefined;
    let killedAtMs = 0;
    const load = Array.from({ length: 8 }, async () => {
      for (;;) {
        const beganAtMs = performance.now();
        try {
          assert.equal(await ask(client), right);
          toll.answered += 1;
          if (killed.signal.aborted && beganAtMs > killedAtMs) {
            recoveredAtMs ??= performance.now();
            return;
          }
        } catch (error) {
          assert.ok(isRetryable(error), String(error));
          toll.again += 1;
        }
      }
    });
    await until('there is load', () => toll.answered > 50);
    killedAtMs = performance.now();
    for (const id of victim.processes) process.kill(id, 'SIGKILL');
    killed.abort();
    // The load balancer has noticed.
    await victim.service.ended;
    replicas.pop();
    await Promise.all(load);
    await victim.service.stop().catch(() => undefined);
    const tookMs = (recoveredAtMs ?? Number.POSITIVE_INFINITY) - killedAtMs;
    console.log(
      `${toll.answered} answers, ${toll.again} to be sent again, the next answer after ${tookMs.toFixed(0)} ms`,
    );
    assert.ok(tookMs < nextAnswerMs * 30, 'no answer came');
    client.close();
  });
});
