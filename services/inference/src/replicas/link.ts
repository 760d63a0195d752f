import '../errors.ts';
import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { HttpClientConnection, type HttpClientRequest, type HttpClientResponse } from '@enclos/http';

/** Requests to one replica at once. An enclave has 256 streams, and seven replicas beside it may all ask it. */
const maxConnections = 16;

export interface ReplicaLinkOptions {
  /** A connection whose other end was appraised and has appraised this one. */
  readonly open: () => Promise<Duplex>;
  /** The value of the header `host`. */
  readonly host: string;
}

/** Connections to one replica, kept for the next requests. Nothing is sent twice. */
export class ReplicaLink {
  readonly #options: ReplicaLinkOptions;
  #connections: HttpClientConnection[] = [];
  #opening = 0;

  constructor(options: ReplicaLinkOptions) {
    this.#options = options;
  }

  /**
   * Sends a request on a connection that is free, or on a new one.
   * @throws INFERENCE_REPLICA_LOST with `details.isSent`: whether the replica may have got it; what `open` throws for one that cannot be
   *   reached or is not a replica
   */
  async send(request: HttpClientRequest): Promise<HttpClientResponse> {
    this.#connections = this.#connections.filter(({ isOpen }) => isOpen);
    const free = this.#connections.find(({ isFree }) => isFree);
    // A connection that is found is taken in the same turn.
    const connection = free ?? (await this.#open());
    if (free === undefined) this.#connections.push(connection);
    try {
      return await connection.send(request);
    } catch (cause) {
      throw new EnclosError('INFERENCE_REPLICA_LOST', undefined, { details: { isSent: true }, cause });
    }
  }

  /** Ends its connections, and with them the requests on them. */
  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  async #open(): Promise<HttpClientConnection> {
    if (this.#connections.length + this.#opening >= maxConnections) {
      const message = 'The replica that has the key of this request has too many requests.';
      throw new EnclosError('INFERENCE_REPLICA_LOST', message, { details: { isSent: false } });
    }
    this.#opening += 1;
    try {
      return new HttpClientConnection(await this.#options.open(), this.#options.host);
    } finally {
      this.#opening -= 1;
    }
  }
}
