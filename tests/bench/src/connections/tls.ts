import { compareAll, type Compared, type Sample } from '../harness/contenders.ts';
import { atLeast, atMost, type Bound, type Figure } from '../harness/figures.ts';
import { placements, placeTree, type Placement } from '../harness/placement.ts';
import { processorTime } from '../harness/processor-time.ts';
import { startClient, startInside, startOutside, type TlsClient, type TlsServer } from './tls-servers.ts';

/** Connections, requests of a run, the bytes of a request and of its answer, and how much of the rate outside is promised. */
const loads = [
  { count: 128, requests: 8000, sizeBytes: 512, leastRatio: 0.85 },
  { count: 64, requests: 8000, sizeBytes: 512, leastRatio: 0.85 },
  { count: 1, requests: 2000, sizeBytes: 512, leastRatio: 0.8 },
  { count: 128, requests: 3000, sizeBytes: 16_384, leastRatio: 0.85 },
  { count: 64, requests: 3000, sizeBytes: 16_384, leastRatio: 0.85 },
  { count: 1, requests: 1000, sizeBytes: 16_384, leastRatio: 0.8 },
] as const;
const leastRelayedRatio = 0.6;
const mostServerRatio = 1.15;
const mostHostMicros = 0.5;
/**
 * The bound of the host was 120 µs where a handshake outside took 534 µs of the processor, 0.225 of it. Other machines, and this one in other
 * hours, take several times as long for both, so the bound is the same share of a handshake outside in the same rounds.
 */
const handshakes = { times: 200, leastRatio: 0.75, mostHostRatio: 0.225 } as const;
const rounds = 7;

type Transport = 'outside' | 'passed' | 'relayed';
const inside = ['passed', 'relayed'] as const;

interface Site {
  readonly server: TlsServer;
  readonly client: TlsClient;
}

/** One run of a client, with what its server took for it. */
async function sampleOf({ server, client }: Site, line: string, requests: number): Promise<Sample> {
  const before = processorTime(server.processId);
  const milliseconds = await client.run(line);
  const after = processorTime(server.processId);
  return {
    perSecond: requests / (milliseconds / 1000),
    serverMicros: (after.tree - before.tree) / requests,
    hostMicros: (after.own - before.own) / requests,
  };
}

/**
 * The clients stand for other machines, so a core is theirs, and the servers have the other one, host, platform and enclave
 * together. A scheduler that puts all of them on two cores measures itself: see placement.ts.
 */
function serverPlacements(): readonly Placement[] {
  return placements().filter(({ cores }) => cores === undefined || cores[0] !== cores[1]);
}

/** A server of TLS inside, on connections that the host passes and on those that it relays, against the same one outside. */
export async function benchTls(): Promise<readonly Figure[]> {
  const servers = {
    outside: await startOutside(),
    passed: await startInside('passed'),
    relayed: await startInside('relayed'),
  };
  const site = (name: Transport): Site => ({ server: servers[name], client: startClient(servers[name]) });
  const sites = { outside: site('outside'), passed: site('passed'), relayed: site('relayed') };
  const compare = (line: string, requests: number): Promise<(name: Transport, against: Transport) => Compared> =>
    compareAll(rounds, {
      outside: () => sampleOf(sites.outside, line, requests),
      passed: () => sampleOf(sites.passed, line, requests),
      relayed: () => sampleOf(sites.relayed, line, requests),
    });
  const figures: Figure[] = [];
  for (const placement of serverPlacements()) {
    for (const { server, client } of Object.values(sites)) {
      placeTree(client.processId, placement.cores?.[0]);
      placeTree(server.processId, placement.cores?.[1]);
    }
    for (const load of loads) {
      const { count, requests, sizeBytes } = load;
      const compared = await compare(`${count} ${requests} ${sizeBytes}`, requests);
      figures.push(...loadFigures(load, placement, compared));
    }
    const compared = await compare(`handshake ${handshakes.times}`, handshakes.times);
    figures.push(...handshakeFigures(placement, compared));
  }
  for (const { client } of Object.values(sites)) await client.close();
  for (const server of Object.values(servers)) await server.close();
  return figures;
}

type Results = (name: Transport, against: Transport) => Compared;

const perSecond = ({ perSecond: rate }: Sample): string => `${rate.toFixed(0)} /s`;
const micros = (value: number): string => `${value.toFixed(1)} µs`;
/** Only fixed placements are promised anything. */
const bounded = ({ cores }: Placement, bound: Bound | undefined): Pick<Figure, 'bound'> =>
  cores === undefined || bound === undefined ? {} : { bound };
const nameOf = ({ name, cores }: Placement): string => (cores === undefined ? name : 'clients on their own core');

function loadFigures(
  { count, sizeBytes, leastRatio }: (typeof loads)[number],
  placement: Placement,
  results: Results,
): readonly Figure[] {
  const what = `${sizeBytes} bytes, ${count} connection${count === 1 ? '' : 's'}, ${nameOf(placement)}`;
  const outside = results('outside', 'outside');
  return inside.flatMap((transport): readonly Figure[] => {
    const found = results(transport, 'outside');
    const isPassed = transport === 'passed';
    const isLoaded = sizeBytes === 512 && count > 1;
    const least = isPassed ? leastRatio : isLoaded ? leastRelayedRatio : undefined;
    return [
      {
        what: `TLS ${transport}: ${what}`,
        ours: perSecond(found),
        peer: perSecond(outside),
        ratio: found.rateRatio.toFixed(2),
        ...bounded(placement, least === undefined ? undefined : atLeast(least, found.rateRatio)),
      },
      ...serverFigures({
        what: `a request, ${what}`,
        transport,
        placement,
        found,
        outside,
        ...(isPassed ? { mostRatio: mostServerRatio, mostHost: mostHostMicros } : {}),
      }),
    ];
  });
}

interface Found {
  readonly what: string;
  readonly transport: (typeof inside)[number];
  readonly placement: Placement;
  readonly found: Compared;
  readonly outside: Compared;
  readonly mostRatio?: number;
  /** In microseconds. */
  readonly mostHost?: number;
  /** Of all that the server outside takes. */
  readonly mostHostRatio?: number;
}

/** What it takes of the processor, which says more than a rate where the machine has other things to do. */
function serverFigures({ what, transport, placement, found, outside, ...most }: Found): readonly Figure[] {
  if (placement.cores === undefined) return [];
  const { mostRatio, mostHost, mostHostRatio } = most;
  return [
    {
      what: `TLS ${transport}: server time ${what}`,
      ours: micros(found.serverMicros),
      peer: micros(outside.serverMicros),
      ratio: found.serverRatio.toFixed(2),
      ...(mostRatio === undefined ? {} : { bound: atMost(mostRatio, found.serverRatio) }),
    },
    {
      what: `TLS ${transport}: the host's part of it, ${what}`,
      ours: micros(found.hostMicros),
      ...(mostHost === undefined ? {} : { bound: atMost(mostHost, found.hostMicros, ' µs') }),
      ...(mostHostRatio === undefined
        ? {}
        : {
            peer: micros(outside.serverMicros),
            ratio: found.hostRatio.toFixed(3),
            bound: atMost(mostHostRatio, found.hostRatio),
          }),
    },
  ];
}

function handshakeFigures(placement: Placement, results: Results): readonly Figure[] {
  const where = nameOf(placement);
  const outside = results('outside', 'outside');
  return inside.flatMap((transport): readonly Figure[] => {
    const found = results(transport, 'outside');
    const isPassed = transport === 'passed';
    return [
      {
        what: `TLS ${transport}: handshakes one after the other, ${where}`,
        ours: perSecond(found),
        peer: perSecond(outside),
        ratio: found.rateRatio.toFixed(2),
        ...bounded(placement, isPassed ? atLeast(handshakes.leastRatio, found.rateRatio) : undefined),
      },
      ...serverFigures({
        what: `a handshake, ${where}`,
        transport,
        placement,
        found,
        outside,
        ...(isPassed ? { mostHostRatio: handshakes.mostHostRatio } : {}),
      }),
    ];
  });
}
