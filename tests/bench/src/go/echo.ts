import { startClient, type TlsClient } from '../connections/tls-servers.ts';
import { compareAll, type Compared, type Sample } from '../harness/contenders.ts';
import { atMost, type Figure } from '../harness/figures.ts';
import { processorTime } from '../harness/processor-time.ts';
import type { GoServer } from './servers.ts';

/** What a Go program is compared in: run outside, with passed and with relayed connections. */
export type Site = 'outside' | 'passed' | 'relayed';
export type Servers = Readonly<Record<Site, GoServer>>;

const rounds = 9;
const connections = 64;
const requests = 8000;
/** Requests after which the host, which V8 compiles as it runs, costs what it costs a server that has run for a minute. */
const warmUp = 50_000;
const sizeBytes = 512;
/** Of the processor time that the same program takes outside. */
const most = { enclave: 1.2, passed: 1.3, relayed: 2 } as const;

/** A TLS echo of half a kilobyte: the processor time that a request takes of the enclave, and of host and enclave together. */
export async function benchEcho(
  servers: Servers,
  place: (clients: readonly TlsClient[]) => void,
): Promise<readonly Figure[]> {
  const clientOf = ({ echo, certificate }: GoServer): TlsClient =>
    startClient({ address: { host: '127.0.0.1', port: echo }, certificate }, 'localhost');
  const clients = {
    outside: clientOf(servers.outside),
    passed: clientOf(servers.passed),
    relayed: clientOf(servers.relayed),
  };
  place(Object.values(clients));
  const sample = (site: Site): Promise<Sample> => sampleOf(servers[site], clients[site]);
  for (const client of Object.values(clients)) await client.run(lineOf(warmUp));
  const results = await compareAll(rounds, {
    outside: () => sample('outside'),
    passed: () => sample('passed'),
    relayed: () => sample('relayed'),
  });
  for (const client of Object.values(clients)) await client.close();
  return (['passed', 'relayed'] as const).flatMap((site) => figuresOf(site, results));
}

const lineOf = (count: number): string => `${connections} ${count} ${sizeBytes}`;

async function sampleOf({ processId }: GoServer, client: TlsClient): Promise<Sample> {
  const before = processorTime(processId);
  const milliseconds = await client.run(lineOf(requests));
  const after = processorTime(processId);
  const [tree, own] = [after.tree - before.tree, after.own - before.own];
  return { perSecond: requests / (milliseconds / 1000), serverMicros: tree / requests, hostMicros: own / requests };
}

function figuresOf(site: 'passed' | 'relayed', results: (name: Site, against: Site) => Compared): readonly Figure[] {
  const [found, outside] = [results(site, 'outside'), results('outside', 'outside')];
  const what = `Go, a TLS echo of ${sizeBytes} bytes, ${connections} connections, ${site}`;
  return [
    {
      what: `${what}: processor time of the enclave`,
      ours: micros(found.enclaveMicros),
      peer: micros(outside.serverMicros),
      ratio: found.enclaveRatio.toFixed(2),
      bound: atMost(most.enclave, found.enclaveRatio),
    },
    {
      what: `${what}: of host and enclave together`,
      ours: micros(found.serverMicros),
      peer: micros(outside.serverMicros),
      ratio: found.serverRatio.toFixed(2),
      bound: atMost(most[site], found.serverRatio),
    },
  ];
}

const micros = (value: number): string => `${value.toFixed(1)} µs`;
