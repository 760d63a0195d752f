import { MAX_STREAMS } from '@enclos/edl';
import { mayBePassed, type EnclaveManifest } from '@enclos/manifest';
import { EnclosError } from '@enclos/errors';
import type { PassedSocket } from '@enclos/tee/passage';
import type { ListenOptions } from './passed-listener.ts';
import { PassedStreams } from './passed-streams.ts';
import type { RelayedStream } from './relayed-stream.ts';
import { callOptions, RelayedStreams } from './relayed-streams.ts';
import { serveStreams, type EnclaveRuntime } from '../runtime.ts';

type Runtime = Pick<EnclaveRuntime, 'manifest' | 'system' | 'sendStream' | 'passage'>;
type Connections = AsyncGenerator<PassedSocket | RelayedStream, void, undefined>;
type Entry = Pick<EnclaveManifest['listen'][number], 'transport'>;

/** The streams of an enclave: each of its listeners and destinations has the transport that manifest and platform give it. */
export class EnclaveStreams {
  readonly #runtime: Runtime;
  #relayed: RelayedStreams | undefined;
  #passed: PassedStreams | undefined;
  #lastNumber = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @throws STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE */
  listen(name: string, options: ListenOptions): Connections & { readonly maxConnections: number } {
    const { listen } = this.#runtime.manifest;
    const place = listen.findIndex((entry) => entry.name === name);
    const declared = listen[place];
    if (declared === undefined) throw notDeclared('listener', name);
    const passage = this.#passageOf(declared);
    if (passage === undefined) {
      const connections: Connections = this.#relayedStreams().listen(name, options.signal);
      return Object.assign(connections, { maxConnections: MAX_STREAMS });
    }
    const passed = this.#passedStreams(passage);
    const connections: Connections = passed.listen(place, options);
    return Object.assign(connections, { maxConnections: passed.share });
  }

  /** @throws STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE, STREAM_LIMIT, and what the host answers */
  async connect(name: string, options: ListenOptions): Promise<PassedSocket | RelayedStream> {
    const { manifest, system } = this.#runtime;
    const declared = manifest.connect.find((entry) => entry.name === name);
    if (declared === undefined) throw notDeclared('destination', name);
    const passage = this.#passageOf(declared);
    if (passage === undefined) return this.#relayedStreams().connect(name, options.signal);
    const stream = this.#freeNumber();
    const ask = (): Promise<void> => system.streamConnect({ destination: name, stream }, callOptions(options.signal));
    return this.#passedStreams(passage).connect(stream, ask, options);
  }

  /** The passage, if connections of the entry come by it. `either` follows the platform, which opened one or did not. */
  #passageOf(entry: Entry): EnclaveRuntime['passage'] {
    const { passage } = this.#runtime;
    if (entry.transport === 'passed' && passage === undefined) throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE');
    return mayBePassed(entry) ? passage : undefined;
  }

  #relayedStreams(): RelayedStreams {
    if (this.#relayed !== undefined) return this.#relayed;
    const made = new RelayedStreams(this.#runtime, () => this.#freeNumber());
    serveStreams((frame) => made.received(frame));
    this.#relayed = made;
    return made;
  }

  #passedStreams(passage: NonNullable<EnclaveRuntime['passage']>): PassedStreams {
    const listeners = this.#runtime.manifest.listen.map(mayBePassed);
    this.#passed ??= new PassedStreams({ passage, listeners });
    return this.#passed;
  }

  /** A number that no stream has. Both kinds take from the same numbers, because the host may keep them in one table. */
  #freeNumber(): number {
    do this.#lastNumber = (this.#lastNumber % 0xffff_ffff) + 1;
    while (this.#relayed?.has(this.#lastNumber) === true || this.#passed?.has(this.#lastNumber) === true);
    return this.#lastNumber;
  }
}

function notDeclared(what: string, name: string): EnclosError {
  return new EnclosError('STREAM_NOT_DECLARED', `enclave.json declares no ${what} ${name}.`);
}
