import '../errors.ts';
import type { Duplex } from 'node:stream';
import { untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { HttpClientConnection, type HttpClientRequest, type HttpClientResponse } from '@enclos/http';

/**
 * Requests that are passed on to one replica at once, and those that wait for their turn. An enclave has 256 streams, and seven replicas
 * beside it may all ask it.
 */
const maxAtOnce = 14;
const maxWaiting = 256;

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
  #passedOn = 0;
  readonly #waiting: Waiter[] = [];

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
   * Passes a request on when it has its turn, which ends with the answer, or when the signal aborts.
   * @throws as `ask`; INFERENCE_REPLICA_LOST also where too many wait
   */
  async passOn(request: HttpClientRequest & { readonly signal: AbortSignal }): Promise<HttpClientResponse> {
    await this.#turn(request.signal);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      request.signal.removeEventListener('abort', over);
      this.#next();
    };
    request.signal.addEventListener('abort', over);
    if (request.signal.aborted) over();
    try {
      const response = await this.ask(request);
      return { ...response, body: followedBy(response.body, over) };
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Ends its connections, and with them the requests on them. */
  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#passedOn < maxAtOnce) {
      this.#passedOn += 1;
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      const message = 'The replica that has the key of this request has too many requests.';
      throw new EnclosError('INFERENCE_REPLICA_LOST', message);
    }
    let isMine = false;
    const turn = new Promise<void>((resolve) => {
      this.#waiting.push({
        signal,
        begin() {
          isMine = true;
          resolve();
        },
      });
    });
    try {
      await untilAborted(signal, turn);
    } catch (error) {
      if (isMine) this.#next();
      throw error;
    }
  }

  /** Hands a turn to the request that waits longest and is still wanted. */
  #next(): void {
    const waiter = this.#waiting.splice(0, this.#waiting.findIndex(({ signal }) => !signal.aborted) + 1).at(-1);
    if (waiter !== undefined) {
      waiter.begin();
      return;
    }
    this.#waiting.splice(0);
    this.#passedOn -= 1;
  }
}

interface Waiter {
  readonly signal: AbortSignal;
  begin(): void;
}

async function* followedBy(body: AsyncIterable<Uint8Array>, over: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    over();
  }
}
