import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StreamTransport } from '@enclos/manifest';
import { createWorkshop, serviceProjectFolder } from '@enclos/process-kit';
import { freePort } from '@enclos/testkit';
import { attestBy, attestRequest, type Server } from './attestation-scene.ts';
import { start, type Child } from './harness/child.ts';
import { imageIn } from './harness/enclave-image.ts';
import { atLeast, type Figure } from './harness/figures.ts';
import { median, percentile } from './harness/statistics.ts';

const connections = 16;
const requests = 500;
const rounds = 30;
/** V8 compiles the code of a request, and compiles it anew, for the first thousands of them. */
const warmingRounds = 8;
const smallestRatio = 0.75;

const peerProjectFolder = fileURLToPath(new URL('../../attestation-peer', import.meta.url));

/** The service over both kinds of streams, and the same server with constant claims over the streams of the first. */
const servers = [
  { name: 'service', project: serviceProjectFolder, transport: 'passed' },
  { name: 'peer', project: peerProjectFolder, transport: 'passed' },
  { name: 'relayed', project: serviceProjectFolder, transport: 'relayed' },
] as const satisfies readonly { name: string; project: string; transport: StreamTransport }[];
type Name = (typeof servers)[number]['name'];

interface Site {
  readonly client: Child;
  /** Of the first token. */
  readonly tokenBytes: number;
  /** Requests a second, and the milliseconds of each request. */
  readonly rates: number[];
  readonly each: number[];
}

/** Warm attestation of SGX over TLS, against the same server that signs the claims of its first token for every request. */
export async function benchAttestation(): Promise<readonly Figure[]> {
  const workshop = createWorkshop();
  const platform = await workshop.startPlatform('bench');
  const children: Child[] = [];
  try {
    const { head, body } = await attestRequest(workshop, platform);
    const startSite = async ({ name, project, transport }: (typeof servers)[number]): Promise<Site> => {
      const folder = join(workshop.folder, `attest-${name}`);
      await imageIn(folder, project, transport);
      const host = start('programs/attestation-host.js', folder, platform.socketPath, String(await freePort()));
      children.push(host);
      const server = JSON.parse(await host.nextLine()) as Server;
      const { token = '' } = (await attestBy(server, body)).body;
      const requestFile = join(folder, 'request');
      const line = 'POST /attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\n';
      await writeFile(requestFile, `${line}host: localhost:${server.port}\r\n${head}${body}`);
      const client = start('programs/http-client.js', JSON.stringify(server), requestFile);
      children.push(client);
      return { client, tokenBytes: token.length, rates: [], each: [] };
    };
    const sites: Readonly<Record<Name, Site>> = {
      service: await startSite(servers[0]),
      peer: await startSite(servers[1]),
      relayed: await startSite(servers[2]),
    };
    for (let round = -warmingRounds; round < rounds; round++) {
      const inOrder = Object.values(sites);
      // There and back, so that a machine that grows slower or faster meanwhile is not taken for one of them.
      for (const { client, rates, each } of round % 2 === 0 ? inOrder : inOrder.toReversed()) {
        client.write(`${connections} ${requests}`);
        const said = JSON.parse(await client.nextLine()) as { milliseconds: number; each: number[] };
        if (round < 0) continue;
        rates.push(requests / (said.milliseconds / 1000));
        each.push(...said.each);
      }
    }
    return figuresOf(sites);
  } finally {
    for (const child of children.reverse()) await child.close();
    await workshop.close();
  }
}

function figuresOf({ service, peer, relayed }: Readonly<Record<Name, Site>>): readonly Figure[] {
  const rate = ({ rates }: Site): string => `${median(rates).toFixed(0)} /s`;
  const ratio = (to: Site): number => median(service.rates.map((value, i) => value / (to.rates[i] ?? Number.NaN)));
  const late = ({ each }: Site): number => percentile(each, 0.99);
  const what = `attest SGX, warm, over TLS on passed streams, ${connections} connections`;
  return [
    {
      what: `${what}; the same server, the same claims signed each time (${service.tokenBytes} bytes)`,
      ours: rate(service),
      peer: rate(peer),
      ratio: ratio(peer).toFixed(2),
      bound: atLeast(smallestRatio, ratio(peer)),
    },
    {
      what: 'the same, p99 of one request',
      ours: `${late(service).toFixed(1)} ms`,
      peer: `${late(peer).toFixed(1)} ms`,
      ratio: (late(service) / late(peer)).toFixed(2),
    },
    {
      what: `${what}; the same service on relayed streams`,
      ours: rate(service),
      peer: rate(relayed),
      ratio: ratio(relayed).toFixed(2),
    },
    {
      what: 'the same, p99 of one request',
      ours: `${late(service).toFixed(1)} ms`,
      peer: `${late(relayed).toFixed(1)} ms`,
      ratio: (late(service) / late(relayed)).toFixed(2),
    },
  ];
}
