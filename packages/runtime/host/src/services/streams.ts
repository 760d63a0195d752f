import type { Socket } from 'node:net';
import type { Handlers, systemInterface } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { Frame, IncomingCall, SendStream } from '@enclos/gate';
import { isProgramManifest, mayBePassed, type EnclaveManifest } from '@enclos/manifest';
import type { Capabilities } from '@enclos/tee';
import { passedFrameText } from '@enclos/tee/passage';
import { findPassing } from '@enclos/tee/passing';
import type { ConnectionKind } from '../observe/watch.ts';
import {
  addressesOf,
  destinationsOf,
  loopbackAddress,
  type DestinationAddress,
  type MovingAddress,
  type StreamAddress,
} from './addresses.ts';
import { AnyListeners, anywhere, readAnyPort } from './any-listeners.ts';
import type { Arrivals } from './arrivals.ts';
import { connectRelayed, connectUnread } from './connecting.ts';
import { closeListeners, openListeners, type Listener } from './listeners.ts';
import { PassedStreams, type EnclaveEnds, type StreamWatch } from './passed-streams.ts';
import { RelayedStreams } from './relayed-streams.ts';
import { relayedSocket } from './shared-reads.ts';
import { UnreachableDestinations, type UnreachableDestination } from './unreachable.ts';
import { offersPassing, type RunningTransport } from './transports.ts';

type UntrustedFunctions = (typeof systemInterface)['untrusted'];
type StreamFunctions = Pick<UntrustedFunctions, Extract<keyof UntrustedFunctions, `stream${string}`>>;

export interface StreamAddresses {
  /** The address of each listener; for the others the declared port at `listenAddress`. */
  readonly listen: Readonly<Record<string, StreamAddress>>;
  /** Default: 127.0.0.1. */
  readonly listenAddress?: string | undefined;
  /** The real address of each destination; for the others the declared host and port. */
  readonly connect: Readonly<Record<string, DestinationAddress>>;
}

export interface StreamSettings extends StreamAddresses {
  /** What the platform can do that is to launch the enclave. */
  readonly capabilities: Pick<Capabilities, 'platform' | 'streamTransports'>;
  readonly watch?: StreamWatch | undefined;
  /** Called when a destination cannot be reached: not for each attempt. */
  readonly unreachable?: ((unreachable: UnreachableDestination) => void) | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs?: (() => number) | undefined;
}

/** The signal that cancels a waiting call: see {@link IncomingCall}. */
export type CallSignal = Pick<IncomingCall, 'signal'>;

export interface StreamService {
  readonly handlers: Handlers<StreamFunctions, CallSignal>;
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /** Connects to the enclave's passage, if this host can pass connections, and the enclave may have some. */
  readonly openPassage: ((path: string) => Promise<void>) | undefined;
  /** How connections of an entry of the manifest reach the enclave: known when it is launched. */
  transportOf(entry: EnclaveManifest['listen'][number] | EnclaveManifest['connect'][number]): RunningTransport;
  /**
   * Called once, before the enclave's first call: frames of streams go out by `send`.
   * @returns a function that takes incoming frames, and throws GATE_PROTOCOL_VIOLATION.
   */
  connect(send: SendStream, ends: EnclaveEnds): (frame: Frame) => void;
  /** Closes the listeners and every stream. */
  close(): Promise<void>;
}

/**
 * Listens and connects for the enclave, and relays bytes or passes connections. The enclave reaches
 * the declared listeners and destinations and nothing else, whatever it asks.
 * @throws HOST_LISTEN_FAILED, STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE
 */
export async function openStreamService(manifest: EnclaveManifest, given: StreamSettings): Promise<StreamService> {
  const { capabilities, watch } = given;
  const { fixed, moving } = destinationsOf(given.connect);
  for (const name of moving.keys()) declaredEntry(manifest.connect, name);
  const destinations = addressesOf(manifest.connect, fixed);
  const host = given.listenAddress ?? loopbackAddress;
  const declared = manifest.listen.map(({ name, port }) => ({ name, host, port }));
  const places = addressesOf(declared, given.listen);
  const found = findPassing(passedFrameText);
  const offer = { manifest, capabilities, listen: places, connect: destinations, canPass: found !== undefined };
  const passing = offersPassing(offer) ? found : undefined;
  const requests = manifest.listen.map((entry) => ({
    name: entry.name,
    address: places.get(entry.name) ?? { host, port: entry.port },
    passing: mayBePassed(entry) ? passing : undefined,
    events: {
      waiting: (waiting: number) => watch?.backlog(entry.name, { waiting }),
      dropped: () => watch?.backlog(entry.name, { dropped: 1 }),
    },
  }));
  const listeners = await openListeners(requests);
  const pushed = manifest.listen.map((entry) =>
    mayBePassed(entry) ? namedArrivals(entry.name, listeners) : undefined,
  );
  const passed = passing === undefined ? undefined : new PassedStreams(passing, watch, pushed);
  const undeclared = mayBeAny(manifest) ? new AnyListeners(host, watch) : undefined;
  const unreachable = new UnreachableDestinations(
    (told) => given.unreachable?.(told),
    given.nowMs ?? (() => performance.now()),
  );
  return new HostStreams({ manifest, watch, destinations, moving, listeners, undeclared, passed, unreachable });
}

function namedArrivals(name: string, listeners: ReadonlyMap<string, Listener>) {
  const listener = listeners.get(name);
  return listener && { name, arrivals: listener.arrivals };
}

interface HostStreamsInit {
  readonly manifest: EnclaveManifest;
  readonly watch: StreamWatch | undefined;
  readonly destinations: ReadonlyMap<string, StreamAddress>;
  readonly moving: ReadonlyMap<string, MovingAddress>;
  readonly listeners: ReadonlyMap<string, Listener>;
  /** Undefined when the manifest declares all. */
  readonly undeclared: AnyListeners | undefined;
  /** Undefined when nothing can be passed. */
  readonly passed: PassedStreams | undefined;
  readonly unreachable: UnreachableDestinations;
}

class HostStreams implements StreamService {
  readonly handlers: StreamService['handlers'] = {
    streamAccept: (request, { signal }) => this.#accept(request, signal),
    streamConnect: (request, { signal }) => this.#connect(request, signal),
  };
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  readonly openPassage: StreamService['openPassage'];
  readonly #init: HostStreamsInit;
  readonly #relayed = new RelayedStreams();

  constructor(init: HostStreamsInit) {
    this.#init = init;
    const { passed } = init;
    this.openPassage = passed && ((path) => passed.open(path));
    const addresses = [...init.listeners].map(([name, { address }]) => [name, address] as const);
    this.listeners = Object.freeze(Object.fromEntries(addresses));
  }

  transportOf({ transport }: Pick<EnclaveManifest['listen'][number], 'transport'>): RunningTransport {
    return this.#init.passed?.isOpen === true && mayBePassed({ transport }) ? 'passed' : 'relayed';
  }

  connect(send: SendStream, ends: EnclaveEnds): (frame: Frame) => void {
    this.#init.passed?.start(ends);
    return this.#relayed.start(send);
  }

  async close(): Promise<void> {
    this.#init.passed?.close();
    this.#relayed.close();
    await closeListeners(this.#init.listeners);
    await this.#init.undeclared?.close();
  }

  async #accept(request: { listener: string; stream: number }, signal: AbortSignal): Promise<string> {
    const undeclared = this.#anyListener(request.listener);
    const { name, arrivals } = undeclared === undefined ? this.#declaredListener(request.listener) : await undeclared;
    this.#requireFree(request.stream);
    const socket = await this.#relayed.open(request.stream, signal, async (ended) =>
      relayedSocket(await arrivals.next(ended)),
    );
    this.#observe(socket, { stream: name, kind: 'accepted', transport: 'relayed' });
    return socket.remoteAddress === undefined ? '' : `${socket.remoteAddress} ${socket.remotePort ?? ''}`;
  }

  #declaredListener(listener: string): NamedArrivals {
    const { name, transport } = declaredEntry(this.#init.manifest.listen, listener);
    const arrivals = this.#init.listeners.get(name)?.arrivals;
    if (arrivals === undefined || this.transportOf({ transport }) === 'passed') {
      throw new EnclosError('STREAM_REFUSED', 'The connections of this listener are passed.');
    }
    return { name, arrivals };
  }

  /** A port that the manifest of a program need not declare. */
  #anyListener(listener: string): Promise<NamedArrivals> | undefined {
    const { manifest, undeclared } = this.#init;
    const asked = readAnyPort(listener);
    if (undeclared === undefined || asked === undefined) return undefined;
    if (manifest.listen.some((entry) => entry.name === listener || entry.port === asked.port)) return undefined;
    return undeclared.arrivals(asked).then((arrivals) => ({ name: anywhere, arrivals }));
  }

  async #connect({ destination, stream }: { destination: string; stream: number }, signal: AbortSignal): Promise<void> {
    const entry = this.#anywhere(destination) ?? declaredEntry(this.#init.manifest.connect, destination);
    const { destinations, moving } = this.#init;
    const declared = { host: entry.host, port: entry.port };
    const address = moving.get(destination)?.() ?? destinations.get(destination) ?? declared;
    this.#requireFree(stream);
    const { passed, unreachable } = this.#init;
    if (passed !== undefined && this.transportOf(entry) === 'passed') {
      const asked = { stream, destination: entry.name };
      return passed.connect(asked, signal, (ended) =>
        unreachable.watch(entry.name, ended, connectUnread(address, ended)),
      );
    }
    const socket = await this.#relayed.open(stream, signal, (ended) =>
      unreachable.watch(entry.name, ended, connectRelayed(address, ended)),
    );
    this.#observe(socket, { stream: entry.name, kind: 'connected', transport: 'relayed' });
  }

  /** A destination that the manifest of a program need not name, because it says that the host may connect it anywhere. */
  #anywhere(destination: string): EnclaveManifest['connect'][number] | undefined {
    const { manifest } = this.#init;
    const [, host, port] = /^(\S+) (\d{1,5})$/.exec(destination) ?? [];
    if (!mayBeAny(manifest) || host === undefined || manifest.connect.some(({ name }) => name === destination)) {
      return undefined;
    }
    return { name: anywhere, host, port: Number(port), transport: 'relayed' };
  }

  /** @throws STREAM_REFUSED */
  #requireFree(stream: number): void {
    const isFree = stream !== 0 && !this.#relayed.has(stream) && this.#init.passed?.has(stream) !== true;
    if (!isFree) throw new EnclosError('STREAM_REFUSED', 'The number of the stream is in use.');
  }

  #observe(socket: Socket, kind: ConnectionKind): void {
    const watched = this.#init.watch?.connection(kind);
    if (watched === undefined) return;
    const end = (): void => watched.end(socket.bytesRead, socket.bytesWritten);
    if (socket.closed) end();
    else socket.once('close', end);
  }
}

interface NamedArrivals {
  readonly name: string;
  readonly arrivals: Arrivals;
}

function mayBeAny(manifest: EnclaveManifest): boolean {
  return isProgramManifest(manifest) && manifest.program.network === 'any';
}

/** @throws STREAM_NOT_DECLARED */
function declaredEntry<E extends { readonly name: string }>(entries: readonly E[], name: string): E {
  const entry = entries.find((declared) => declared.name === name);
  if (entry === undefined) throw new EnclosError('STREAM_NOT_DECLARED');
  return entry;
}
