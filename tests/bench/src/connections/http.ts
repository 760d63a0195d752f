import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyInterpreter } from '@enclos/isolation';
import type { StreamTransport } from '@enclos/manifest';
import { pieceBytes, streamedPieces } from '../../https-server/serve.ts';
import { start, startWith, type Child } from '../harness/child.ts';
import { compareAll, type Compared, type Sample } from '../harness/contenders.ts';
import { imageIn } from '../harness/enclave-image.ts';
import { atLeast, type Figure } from '../harness/figures.ts';
import { placements, placeTree } from '../harness/placement.ts';
import { processorTime } from '../harness/processor-time.ts';
import { benchHttpAlone } from './http-alone.ts';

const project = fileURLToPath(new URL('../../../https-server', import.meta.url));
const rounds = 11;
const leastRatio = 0.8;

/** Where a server listens, and the process whose processor time is its. */
interface Site {
  readonly processId: number;
  readonly port: number;
  readonly ca: string;
}

const siteNames = ['bare', 'service outside', 'service passed', 'service relayed', 'http passed'] as const;
type SiteName = (typeof siteNames)[number];
type Sites = Readonly<Record<SiteName, Site>>;

interface Kind {
  readonly what: string;
  /** All that a client writes at once. */
  readonly request: string;
  readonly answers: number;
  readonly sites: readonly SiteName[];
  readonly loads: readonly { readonly count: number; readonly writes: number; readonly bound?: SiteName }[];
  /** Of what is streamed, for one request. */
  readonly bytes?: number;
}

const get = 'GET /constant HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n\r\n';
const pipelined = 16;
const streamedBytes = streamedPieces * pieceBytes;
const upload = `POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${streamedBytes}\r\n\r\n`;
const kinds: readonly Kind[] = [
  {
    what: 'constant answer',
    request: get,
    answers: 1,
    sites: siteNames,
    loads: [
      { count: 64, writes: 6000, bound: 'service passed' },
      { count: 1, writes: 1500, bound: 'service passed' },
    ],
  },
  {
    what: `constant answer, ${pipelined} requests at once`,
    request: get.repeat(pipelined),
    answers: pipelined,
    sites: ['bare', 'http passed', 'service passed'],
    loads: [{ count: 16, writes: 600 }],
  },
  {
    what: 'streamed answer of 1 MiB',
    request: get.replace('/constant', '/download'),
    answers: 1,
    sites: ['bare', 'http passed'],
    loads: [{ count: 4, writes: 100 }],
    bytes: streamedBytes,
  },
  {
    what: 'streamed request of 1 MiB',
    request: upload + 'x'.repeat(streamedBytes),
    answers: 1,
    sites: ['bare', 'http passed'],
    loads: [{ count: 4, writes: 100 }],
    bytes: streamedBytes,
  },
];

/** The HTTP server and the machinery of services in an enclave, on streams that the host passes, against node:https outside. */
export async function benchHttp(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const children: Child[] = [];
  try {
    const sites = await startSites(folder, children);
    const [client, server] = clientCores();
    for (const { processId } of Object.values(sites)) placeTree(processId, server);
    const figures: Figure[] = [];
    for (const kind of kinds) figures.push(...(await measure(kind, { sites, folder, clientCore: client })));
    return [...figures, ...(await benchHttpAlone())];
  } finally {
    for (const child of children.reverse()) await child.close();
    await rm(folder, { recursive: true });
  }
}

/** As for the benchmark of TLS: the clients have a core of their own where there is a second one. */
function clientCores(): readonly [client: number, server: number] {
  const found = placements().find(({ cores }) => cores !== undefined && cores[0] !== cores[1]);
  return found?.cores ?? [0, 0];
}

async function startSites(folder: string, children: Child[]): Promise<Sites> {
  const said = async (child: Child): Promise<{ ca: string } & Readonly<Record<string, number>>> => {
    children.push(child);
    // The programs of this folder say so.
    return JSON.parse(await child.nextLine()) as { ca: string } & Readonly<Record<string, number>>;
  };
  const siteOf = ({ processId }: Child, { ca, ...ports }: Awaited<ReturnType<typeof said>>, name: string): Site => ({
    processId,
    ca,
    port: ports[name] ?? Number.NaN,
  });
  const outside = startWith((await verifyInterpreter()).path, 'programs/https-outside.js');
  const outsidePorts = await said(outside);
  const inside = async (transport: StreamTransport): Promise<readonly [Child, Awaited<ReturnType<typeof said>>]> => {
    const own = join(folder, transport);
    await imageIn(own, project, transport);
    const child = start('programs/https-host.js', own);
    return [child, await said(child)] as const;
  };
  const [passed, relayed] = [await inside('passed'), await inside('relayed')];
  return {
    bare: siteOf(outside, outsidePorts, 'bare'),
    'service outside': siteOf(outside, outsidePorts, 'service'),
    'service passed': siteOf(...passed, 'service'),
    'service relayed': siteOf(...relayed, 'service'),
    'http passed': siteOf(...passed, 'http'),
  };
}

interface Place {
  readonly sites: Sites;
  readonly folder: string;
  readonly clientCore: number;
}

async function measure(kind: Kind, { sites, folder, clientCore }: Place): Promise<readonly Figure[]> {
  const requestFile = join(folder, 'request');
  await writeFile(requestFile, kind.request);
  const clients = new Map<SiteName, Child>();
  for (const name of kind.sites) {
    const { port, ca } = sites[name];
    const client = start('programs/http-client.js', JSON.stringify({ port, ca }), requestFile, String(kind.answers));
    placeTree(client.processId, clientCore);
    clients.set(name, client);
  }
  const figures: Figure[] = [];
  for (const load of kind.loads) {
    const contenders = Object.fromEntries(
      [...clients].map(([name, client]) => [
        name,
        () => sampleOf(client, sites[name], { ...load, requests: load.writes * kind.answers }),
      ]),
    );
    const results = await compareAll(rounds, contenders);
    const [peer = 'bare', ...ours] = kind.sites;
    const bare = results(peer, peer);
    figures.push(...ours.flatMap((name) => figuresOf(kind, load, { name, found: results(name, peer), bare })));
  }
  for (const client of clients.values()) await client.close();
  return figures;
}

async function sampleOf(
  client: Child,
  { processId }: Site,
  { count, writes, requests }: { readonly count: number; readonly writes: number; readonly requests: number },
): Promise<Sample> {
  const before = processorTime(processId);
  client.write(`${count} ${writes}`);
  const { milliseconds } = JSON.parse(await client.nextLine()) as { readonly milliseconds: number };
  const after = processorTime(processId);
  return {
    perSecond: requests / (milliseconds / 1000),
    serverMicros: (after.tree - before.tree) / requests,
    hostMicros: (after.own - before.own) / requests,
  };
}

function figuresOf(
  { what, bytes }: Kind,
  { count, bound }: Kind['loads'][number],
  { name, found, bare }: { readonly name: SiteName; readonly found: Compared; readonly bare: Compared },
): readonly Figure[] {
  const where = `HTTPS, ${what}, ${count} connection${count === 1 ? '' : 's'}: ${name}; peer node:https outside`;
  const rate = ({ perSecond }: Sample): string =>
    bytes === undefined ? `${perSecond.toFixed(0)} /s` : `${((perSecond * bytes) / 1e6).toFixed(0)} MB/s`;
  return [
    {
      what: where,
      ours: rate(found),
      peer: rate(bare),
      ratio: found.rateRatio.toFixed(2),
      ...(bound === name ? { bound: atLeast(leastRatio, found.rateRatio) } : {}),
    },
    {
      what: `the same, server time of a request`,
      ours: `${found.serverMicros.toFixed(1)} µs`,
      peer: `${bare.serverMicros.toFixed(1)} µs`,
      ratio: found.serverRatio.toFixed(2),
    },
  ];
}
