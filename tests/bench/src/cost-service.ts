import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { strictPolicies } from '@enclos/claim-rules';
import { createWorkshop, serviceProjectFolder } from '@enclos/process-kit';
import { freePort, searchingDraft } from '@enclos/testkit';
import { attestBy, attestRequest, type Answered, type Server } from './attestation-scene.ts';
import { start, type Child } from './harness/child.ts';
import { imageIn } from './harness/enclave-image.ts';
import { atMost, type Figure } from './harness/figures.ts';
import { median, percentile, time } from './harness/statistics.ts';

const floods = 10;
const requests = 100;
const connections = 16;
const singles = 15;
const mostMs = { hostile: 100, other: 150 } as const;

/**
 * What a draft that searches for long costs the service, in its enclave and without limits of rate: the time until it is
 * refused, and what another client notices of a hundred of them.
 *
 * @param pace how much slower the machine is than that of the bounds
 */
export async function benchServiceCost(pace: number): Promise<readonly Figure[]> {
  const workshop = createWorkshop();
  const platform = await workshop.startPlatform('bench');
  const children: Child[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  try {
    const folder = join(workshop.folder, 'attest');
    await imageIn(folder, serviceProjectFolder, 'relayed');
    const { head, body } = await attestRequest(workshop, platform);
    const host = start('programs/attestation-host.js', folder, platform.socketPath, String(await freePort()));
    children.push(host);
    // The host writes this line.
    const server = JSON.parse(await host.nextLine()) as Server;
    const requestFile = join(folder, 'request');
    const line = 'POST /attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\n';
    await writeFile(requestFile, `${line}host: localhost:${server.port}\r\n${head}${body}`);
    const other = start('programs/http-client.js', JSON.stringify(server), requestFile);
    children.push(other);
    return await figuresOf({ server, body, other, agent, pace });
  } finally {
    agent.destroy();
    for (const child of children.reverse()) await child.close();
    await workshop.close();
  }
}

interface ServiceScene {
  readonly server: Server;
  /** Of an ordinary request, whose evidence is genuine. */
  readonly body: string;
  readonly other: Child;
  readonly agent: Agent;
  readonly pace: number;
}

async function figuresOf(scene: ServiceScene): Promise<readonly Figure[]> {
  const { server, body, other, agent, pace } = scene;
  const most = (ms: number): number => Math.round(ms * pace);
  const hostile = withMember(body, { draftPolicyForAttestation: searchingDraft() });
  const forged = withMember(hostile, { quote: Buffer.alloc(4600, 7).toString('base64url') });
  const ask = (text: string): Promise<Answered> => attestBy(server, text, agent);

  const small = withMember(body, { draftPolicyForAttestation: 'version=1.0; authorizationrules { => permit(); };' });
  const bundled = withMember(body, { draftPolicyForAttestation: strictPolicies.SgxEnclave });
  for (const [what, text] of [
    ['a policy of the service', body],
    ['a small draft', small],
    ['a bundled policy as a draft', bundled],
  ] as const) {
    const { status } = await ask(text);
    if (status !== 200) throw new Error(`${what} is answered with ${status}.`);
  }
  const single = async (text: string, code: string, said: string): Promise<number> => {
    const samples: number[] = [];
    for (let round = 0; round < singles; round++) {
      samples.push(await time(async () => requireRefusal(await ask(text), code, said)));
    }
    return median(samples);
  };
  const refused = await single(hostile, 'PolicyEvaluationError', '(maxSteps)');
  const ignored = await single(forged, 'InvalidParameter', 'The evidence is refused');

  // Connections are opened before: what is measured is drafts, and not handshakes.
  await Promise.all(Array.from({ length: connections }, () => ask(body)));
  const quiet = await latencies(other, singles);
  const noticed: number[] = [];
  for (let round = 0; round < floods; round++) {
    const flood = Promise.all(
      Array.from({ length: requests }, async () =>
        requireRefusal(await ask(hostile), 'PolicyEvaluationError', 'maxSteps'),
      ),
    );
    noticed.push(...(await latenciesDuring(flood, other)));
  }
  const p99 = percentile(noticed, 0.99);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  return [
    {
      what: 'cost: a draft that searches for long, beside genuine evidence, is refused for its steps',
      ours: ms(refused),
      bound: atMost(most(mostMs.hostile), refused, ' ms'),
    },
    {
      what: 'cost: the same beside evidence that is garbage, of which nothing is evaluated',
      ours: ms(ignored),
      bound: atMost(most(mostMs.hostile), ignored, ' ms'),
    },
    {
      what: `cost: another client during ${requests} of them on ${connections} connections, p99 of ${noticed.length}; peer: the same client alone, median`,
      ours: ms(p99),
      peer: ms(median(quiet)),
      ratio: (p99 / median(quiet)).toFixed(1),
      bound: atMost(most(mostMs.other), p99, ' ms'),
    },
  ];
}

function withMember(body: string, members: Readonly<Record<string, string>>): string {
  return JSON.stringify({ ...(JSON.parse(body) as object), ...members });
}

function requireRefusal({ status, body }: Answered, code: string, said: string): void {
  if (status === 400 && body.error?.code === code && body.error.message.includes(said)) return;
  throw new Error(`the hostile draft is answered with ${status}, ${JSON.stringify(body).slice(0, 300)}`);
}

async function latenciesDuring(flood: Promise<unknown>, client: Child): Promise<readonly number[]> {
  const ended = new AbortController();
  const watched = flood.finally(() => ended.abort());
  const noticed: number[] = [];
  while (!ended.signal.aborted) noticed.push(...(await latencies(client, 2)));
  await watched;
  return noticed;
}

/** Milliseconds of each of so many ordinary requests on one connection. */
async function latencies(client: Child, count: number): Promise<readonly number[]> {
  client.write(`1 ${count}`);
  // The client writes this line.
  return (JSON.parse(await client.nextLine()) as { readonly each: readonly number[] }).each;
}
