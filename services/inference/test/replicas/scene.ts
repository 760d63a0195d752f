import type { Duplex } from 'node:stream';
import { EventEmitter, on, setMaxListeners } from 'node:events';
import { after } from 'node:test';
import { EnclosError } from '@enclos/errors';
import {
  KeySet,
  ReplayWindow,
  aeadIds,
  currentKey,
  kdfIds,
  kemIds,
  type HpkeEngine,
  type PublishedKey,
} from '@enclos/hpke';
import { serveHttp, type HttpRequest, type HttpResponse, type PeerStream } from '@enclos/http';
import { duplexPair } from '@enclos/testkit';
import { createHandler } from '../../src/channels/handler.ts';
import type { ServedModel } from '../../src/models/served-models.ts';
import type { ReplicaCard } from '../../src/replicas/card.ts';
import { ReplicaDirectory } from '../../src/replicas/directory.ts';
import { ReplicaLink } from '../../src/replicas/link.ts';
import { replicaHandler } from '../../src/replicas/replica-handler.ts';
import { replicaHeader } from '@enclos/receipts';
import { ReplicaRouting } from '../../src/replicas/routing.ts';
import { adder, apiOf, modelsOf, speaker } from '../scene.ts';
import { engine, maxBytes } from '../sealed-scene.ts';

export const manifestDigest = 'ab'.repeat(32);

export interface TestReplica {
  readonly name: string;
  readonly keys: KeySet;
  readonly key: PublishedKey;
  readonly directory: ReplicaDirectory;
  readonly routing: ReplicaRouting;
  /** Codes and rules of what was refused as a replica. */
  readonly refused: string[];
  /** It takes what comes, and answers nothing. */
  hangs: boolean;
  /** How often its model ran. */
  runs: number;
  /** Addresses of clients, as sessions and logs see them. */
  readonly seen: HttpRequest[];
  send(request: Partial<HttpRequest>, signal?: AbortSignal): Promise<HttpResponse>;
  accept(stream: Duplex): void;
  /** Ends its process. */
  kill(): void;
}

export interface ReplicaChanges {
  readonly manifestDigest?: string;
  readonly engine?: HpkeEngine;
  /** In place of keys that are its own. */
  readonly keys?: KeySet;
  readonly modelKey?: (digest: string) => Uint8Array | undefined;
  /** In place of its card. */
  readonly cardText?: string;
  /** A model that takes the place of the adder. */
  readonly model?: ServedModel;
  readonly nowMs?: () => number;
}

/** A machine's network: a replica at each place, or none. */
export class Network {
  readonly places: (TestReplica | undefined)[] = [];
  connections = 0;

  async add(changes: ReplicaChanges = {}): Promise<TestReplica> {
    const replica = await openReplica(this, `replica-${this.places.length}`.padEnd(22, '_'), changes);
    this.places.push(replica);
    return replica;
  }

  async lookAll(): Promise<void> {
    await Promise.all(this.places.map(async (replica) => replica?.directory.look()));
  }
}

async function openReplica(network: Network, name: string, changes: ReplicaChanges): Promise<TestReplica> {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = changes.keys ?? new KeySet(changes.engine ?? engine, { kems: [{ kem: kemIds.x25519, suites }] });
  const nowMs = (): number => 1_700_000_000_000;
  await keys.refresh(nowMs());
  const own = (): ReplicaCard => ({
    replica: name,
    modelManifestDigest: changes.manifestDigest ?? manifestDigest,
    keys: keys.published(),
  });
  const refused: string[] = [];
  const sockets = new Set<Duplex>();
  const directory = new ReplicaDirectory({
    own,
    places: async () =>
      network.places.reduce((bits, replica, at) => (replica === undefined ? bits : bits | (1 << at)), 0),
    linkTo: (place) => new ReplicaLink({ host: 'replica.test', open: async () => openTo(network, place) }),
    onRefused: (_, error) => {
      refused.push(error instanceof EnclosError ? `${error.code} ${String(error.details['rule'])}` : String(error));
    },
    nowMs: changes.nowMs ?? (() => performance.now()),
  });
  const routing = new ReplicaRouting({ directory, replica: name, maxAnswerBytes: 2 * maxBytes });
  const counted: ServedModel = {
    ...(changes.model ?? adder),
    run: async (...given) => {
      made.runs += 1;
      return (changes.model ?? adder).run(...given);
    },
  };
  const service = createHandler({
    api: apiOf(modelsOf(speaker, counted)),
    context: { engine, keys, window: new ReplayWindow(), nowMs, maxBytes },
    attestAnswer: async (_, answer) => answer,
    report: async () => ({ status: 200, headers: { [replicaHeader]: name }, body: name }),
    replicas: routing,
    onFault: (error) => refused.push(String(error)),
  });
  const arrivals = new EventEmitter();
  const answer = replicaHandler({ ...service, modelKey: changes.modelKey }, own);
  void serveHttp(peers(arrivals), {
    secure: undefined,
    handler: (request, call) => {
      made.seen.push(request);
      if (made.hangs) return new Promise(() => undefined);
      if (changes.cardText !== undefined && request.path === '/replica') return { status: 200, body: changes.cardText };
      return answer(request, call);
    },
    bodyLimit: service.bodyLimit,
    limits: { maxBodyBytes: 2 * maxBytes },
    signal: ending.signal,
  });
  const made: TestReplica = {
    name,
    keys,
    key: currentKey({ keys: keys.published() }, nowMs()),
    directory,
    routing,
    refused,
    hangs: false,
    runs: 0,
    seen: [],
    send: async (request, signal = new AbortController().signal) =>
      service.handler({ ...emptyRequest, ...request }, { signal }),
    accept(stream) {
      network.connections += 1;
      sockets.add(stream);
      arrivals.emit('stream', Object.assign(stream, { remoteAddress: 'replica' }));
    },
    kill() {
      network.places[network.places.indexOf(made)] = undefined;
      for (const socket of sockets) socket.destroy();
    },
  };
  return made;
}

const ending = new AbortController();
// Each replica of a test file listens to it.
setMaxListeners(0, ending.signal);
after(() => ending.abort());

async function* peers(arrivals: EventEmitter): AsyncGenerator<PeerStream> {
  try {
    // What `accept` emits.
    for await (const [stream] of on(arrivals, 'stream', { signal: ending.signal })) yield stream as PeerStream;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  }
}

function openTo(network: Network, place: number): Duplex {
  const replica = network.places[place];
  if (replica === undefined) throw new EnclosError('STREAM_CONNECT_FAILED');
  const [here, there] = duplexPair();
  there.on('error', () => undefined);
  replica.accept(there);
  return here;
}

const emptyRequest: HttpRequest = {
  method: 'POST',
  path: '/ohttp',
  headers: new Map(),
  body: new Uint8Array(),
  query: new URLSearchParams(),
  search: '',
  remoteAddress: '192.0.2.7 1234',
  clientCertificate: undefined,
  clientCertificateChain: [],
};
