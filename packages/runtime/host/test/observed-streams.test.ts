import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SpanKind } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { utf8 } from '@enclos/codec';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { manifestFields } from '@enclos/testkit';
import '../src/errors.ts';
import { createMetrics, type Metrics } from '../src/observe/metrics.ts';
import { openTelemetry } from '../src/observe/opentelemetry.ts';
import { createWatch } from '../src/observe/watch.ts';
import { openServices, type HostServices } from '../src/services/services.ts';
import { parseExposition } from './exposition-parser.ts';
import { servePassage, type PassagePeer, type PassageServer } from './passage-peer.ts';
import { Peer } from './stream-peer.ts';

const manifest = manifestFields(pinnedInterpreter, {
  listen: [
    { name: 'plain', port: 8442, transport: 'relayed' },
    { name: 'web', port: 8443, transport: 'passed' },
  ],
  connect: [
    { name: 'database', host: 'database.invalid', port: 5432, transport: 'passed' },
    { name: 'cache', host: 'cache.invalid', port: 6379, transport: 'relayed' },
  ],
});

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

describe('what is seen of the connections of an enclave', { timeout: 60_000 }, () => {
  let nowMs: number;
  let metrics: Metrics;
  let services: HostServices;
  let where: PassageServer;
  let passage: PassagePeer;
  let peer: Peer;
  let upstream: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    nowMs = 0;
    metrics = createMetrics({ nowMs: () => nowMs });
    exporter.reset();
    const instrumentation = [metrics, openTelemetry({ tracer: provider.getTracer('test') })];
    upstream = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const destination = { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port };
    services = await openServices(manifest, {
      folders: { mounts: {}, trustedFiles: {} },
      streams: {
        capabilities: softwareCapabilities,
        listen: { plain: { port: 0 }, web: { port: 0 } },
        connect: { database: destination, cache: destination },
        watch: createWatch('example', { instrumentation }),
      },
    });
    where = await servePassage();
    assert.ok(services.streams.openPassage);
    [passage] = await Promise.all([where.peer(), services.streams.openPassage(where.path)]);
    passage.start();
    peer = new Peer(services);
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await services.close();
    await where.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  async function client(listener: string): Promise<Socket> {
    const { host = '', port = 0 } = services.streams.listeners[listener] ?? {};
    const socket = connect({ host, port });
    socket.on('error', () => undefined);
    clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** The samples of a family, by the values of their labels after the name of the enclave. */
  function values(family: string): Readonly<Record<string, number>> {
    const found = parseExposition(metrics.render()).find(({ name }) => name === family);
    const samples = found?.samples.filter(({ name }) => !name.endsWith('_bucket')) ?? [];
    return Object.fromEntries(
      samples.map(({ labels: { enclave, ...labels }, value, name }) => {
        assert.equal(enclave, 'example');
        return [[name.slice(family.length), ...Object.values(labels)].filter(Boolean).join(' '), value];
      }),
    );
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  test('a passed one counts from when it is passed to the end that the enclave tells, with the bytes that it chose to tell', async () => {
    await client('web');
    await until(() => values('enclos_connections_waiting')['web'] === 1);
    assert.deepEqual(values('enclos_connections_total'), {});
    passage.tell({ kind: 'grant', listener: 1, count: 2 });
    const { frame } = await passage.next();
    await client('web');
    const { frame: second } = await passage.next();
    assert.deepEqual(values('enclos_connections_waiting'), { web: 0 });
    assert.deepEqual(values('enclos_connections_open'), { 'web accepted passed': 2 });
    nowMs = 7000;
    passage.tell({ kind: 'accepted-ended', stream: frame.stream, bytesRead: 5n, bytesWritten: 9n });
    passage.tell({ kind: 'accepted-ended', stream: second.stream, bytesRead: 0n, bytesWritten: 0n });
    await until(() => values('enclos_connections_open')['web accepted passed'] === 0);
    assert.deepEqual(values('enclos_connections_total'), { 'web accepted passed': 2 });
    assert.deepEqual(values('enclos_connection_duration_seconds'), {
      '_sum web accepted passed': 14,
      '_count web accepted passed': 2,
    });
    assert.deepEqual(values('enclos_connection_bytes_total'), {
      'web accepted passed to_enclave': 5,
      'web accepted passed from_enclave': 9,
    });
    const [span] = exporter.getFinishedSpans();
    assert.equal(span?.name, 'example web connection');
    assert.equal(span.kind, SpanKind.SERVER);
    assert.deepEqual(span.attributes, {
      'enclos.enclave': 'example',
      'enclos.stream': 'web',
      'enclos.transport': 'passed',
      'enclos.bytes_to_enclave': 5,
      'enclos.bytes_from_enclave': 9,
    });
  });

  test('a relayed one counts until it is closed, with all its bytes', async () => {
    const socket = await client('plain');
    const stream = await peer.accept(1, 'plain');
    socket.write('question');
    await stream.read();
    stream.port.send(utf8('ans'));
    socket.resume();
    await once(socket, 'data');
    assert.deepEqual(values('enclos_connections_open'), { 'plain accepted relayed': 1 });
    nowMs = 3000;
    socket.destroy();
    stream.port.close();
    await until(() => values('enclos_connections_open')['plain accepted relayed'] === 0);
    assert.deepEqual(values('enclos_connection_bytes_total'), {
      'plain accepted relayed to_enclave': 8,
      'plain accepted relayed from_enclave': 3,
    });
    assert.equal(values('enclos_connection_duration_seconds')['_sum plain accepted relayed'], 3);
    assert.deepEqual(values('enclos_connections_waiting'), { plain: 0 });
  });

  test('destinations count too, and the end of the enclave is the end of all', async () => {
    await peer.asked().streamConnect({ destination: 'database', stream: 1 });
    await peer.connect(2, 'cache');
    passage.tell({ kind: 'grant', listener: 1, count: 1 });
    await client('web');
    const of = (family: string) => values(family);
    await until(() => of('enclos_connections_open')['web accepted passed'] === 1);
    await client('web');
    await until(() => of('enclos_connections_waiting')['web'] === 1);
    const open = { 'database connected passed': 1, 'cache connected relayed': 1, 'web accepted passed': 1 };
    assert.deepEqual(of('enclos_connections_open'), open);
    await services.close();
    await until(() => Object.values(of('enclos_connections_open')).every((count) => count === 0));
    assert.deepEqual(of('enclos_connections_total'), open);
    assert.deepEqual(of('enclos_connections_waiting'), { web: 0 });
    const kinds = exporter.getFinishedSpans().map(({ name, kind }) => [name, kind]);
    assert.ok(kinds.some(([name, kind]) => name === 'example database connection' && kind === SpanKind.CLIENT));
  });

  test('a destination that cannot be reached is not a connection', async () => {
    await new Promise((resolve) => upstream.close(resolve));
    await assert.rejects(peer.asked().streamConnect({ destination: 'database', stream: 1 }));
    await assert.rejects(peer.connect(2, 'cache'));
    assert.deepEqual(values('enclos_connections_total'), {});
  });

  test('what is dropped is counted', async () => {
    for (let i = 0; i < 512; i += 1) await client('web');
    const [one, two] = [await client('web'), await client('web')];
    for (const socket of [one, two]) {
      socket.resume();
      if (!socket.readableEnded) await once(socket, 'end');
    }
    assert.deepEqual(values('enclos_connections_dropped_total'), { web: 2 });
    assert.deepEqual(values('enclos_connections_waiting'), { web: 512 });
  });

  test('an observer that throws disturbs nothing', async () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    const watch = createWatch('example', {
      instrumentation: [{ connection: broken, backlog: broken }, { connection: () => ({ end: broken }) }, metrics],
    });
    watch?.backlog('web', { dropped: 1 });
    watch?.connection({ stream: 'web', kind: 'accepted', transport: 'passed' })?.end(1, 2);
    assert.deepEqual(values('enclos_connections_open'), { 'web accepted passed': 0 });
    assert.deepEqual(values('enclos_connections_dropped_total'), { web: 1 });
  });
});

test('names of streams are bounded', () => {
  const metrics = createMetrics();
  for (let i = 0; i < 300; i += 1) metrics.backlog?.({ enclave: 'e', listener: `s${i}`, waiting: 0, dropped: 1 });
  const family = parseExposition(metrics.render()).find(({ name }) => name === 'enclos_connections_dropped_total');
  assert.equal(family?.samples.length, 257);
  assert.equal(family.samples.at(-1)?.value, 44);
});
