import '../errors.ts';
import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { HttpClientConnection, type HttpClientRequest, type HttpClientResponse } from '@enclos/http';
import { ForwardingTurns } from './forwarding-turns.ts';

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
  readonly #turns = new ForwardingTurns(() => performance.now());

  constructor(options: ReplicaLinkOptions) {
    this.#options = options;
  }

  /**
   * Asks a short question, whatever else the replica has to do.
   * @throws INFERENCE_REPLICA_LOST for a replica that may have got it; what `open` throws for one that cannot be reached or is not a replica
   */
  async ask(request: HttpClientRequest): Promise<HttpClientResponse> {
    this.#connections = this.#connections.filter(({ isOpen }) => isOpen);
    const free = this.#connections.find(({ isFree }) => isFree);
    // A connection that is found is taken in the same turn.
    const connection = free ?? new HttpClientConnection(await this.#options.open(), this.#options.host);
    if (free === undefined) this.#connections.push(connection);
    try {
      return await connection.send(request);
    } catch (cause) {
      throw new EnclosError('INFERENCE_REPLICA_LOST', undefined, { cause });
    }
  }

  /**
   * Passes a request on when it has its turn, which ends with the answer, when the signal aborts, or when the answer is taken slowly while
   * others wait.
   * @throws as `ask`; INFERENCE_REPLICA_LOST also where too many wait
   */
  async passOn(request: HttpClientRequest & { readonly signal: AbortSignal }): Promise<HttpClientResponse> {
    const turn = await this.#turns.take(request.signal);
    try {
      const response = await this.ask({ ...request, signal: turn.signal });
      return { ...response, body: turn.follow(response.body) };
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  /** Ends its connections, and with them the requests on them. */
  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }
}
