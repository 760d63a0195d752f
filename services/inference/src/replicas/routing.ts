import { BoundedMap } from '@enclos/bounded';
import { isEnclosError } from '@enclos/errors';
import type { HttpCall, HttpClientResponse, HttpRequest, HttpResponse } from '@enclos/http';
import { misdirected, type SealedRequest } from '../channels/channel.ts';
import type { OtherReplicas } from '../channels/handler.ts';
import { replicaHeader } from '@enclos/receipts';
import { bytesOf, type Replica, type ReplicaDirectory } from './directory.ts';
import { keyOfRequest, type RequestKey } from './key-of-request.ts';

/** Between replicas: where a request came from, as the host of the first one said it. */
export const forwardedForHeader = 'enclos-forwarded-for';
/** Between replicas: whether one has a session. */
export const sessionProbePath = '/replica/session/';

export interface ReplicaRoutingOptions {
  readonly directory: ReplicaDirectory;
  /** The name of this replica. */
  readonly replica: string;
  /** The most bytes of a sealed answer. */
  readonly maxAnswerBytes: number;
}

/** As long as a service lets a request take. */
const headTimeoutMs = 60_000;
const probeTimeoutMs = 1500;
const maxSessions = 4096;
/** Requests that do not say whose they are, and are shown to one replica after the other: so many at once. */
const maxSearches = 4;
/** Anyone can name a session that there is not, and each name is asked for everywhere: for so many at once. */
const maxSessionSearches = 16;

/** Sends requests to the replica that can open them, sealed as they came. A request that may have arrived there is not sent again. */
export class ReplicaRouting implements OtherReplicas {
  readonly #options: ReplicaRoutingOptions;
  /** Which replica has a session. */
  readonly #sessions = new BoundedMap<string>(maxSessions);
  #searches = 0;
  #sessionSearches = 0;
  #forwarded = 0;

  constructor(options: ReplicaRoutingOptions) {
    this.#options = options;
  }

  /** How many requests other replicas answered. */
  get forwarded(): number {
    return this.#forwarded;
  }

  /**
   * The answer of the replica that a request names.
   * @returns undefined when it names none that is here and would take it
   * @throws INFERENCE_REPLICA_LOST for one that was lost with the request
   */
  async named(request: HttpRequest, { signal }: HttpCall): Promise<HttpResponse | undefined> {
    const name = request.headers.get(replicaHeader);
    if (name === undefined || name === this.#options.replica) return undefined;
    const replica = this.#options.directory.all().find(({ card }) => card.replica === name);
    const path = `${request.path}${request.search}`;
    return replica === undefined ? undefined : this.#forward(replica, { ...request, path, signal });
  }

  /**
   * The answer of another replica to a sealed request that does not open here.
   * @returns undefined when none opens it
   * @throws INFERENCE_REPLICA_LOST for a replica that was lost with the request
   */
  async elsewhere(request: SealedRequest): Promise<HttpResponse | undefined> {
    const key = keyOfRequest(request);
    if (key === undefined) return undefined;
    if (key.by === 'session') return this.#toSession(request, key.id);
    let holders = this.#holders(key);
    if (holders.length === 0) {
      await this.#options.directory.lookAgain();
      holders = this.#holders(key);
    }
    if (key.by === 'key') return this.#toFirst(request, holders);
    if (this.#searches >= maxSearches) return undefined;
    this.#searches += 1;
    try {
      return await this.#toFirst(request, holders);
    } finally {
      this.#searches -= 1;
    }
  }

  #holders(key: Exclude<RequestKey, { readonly by: 'session' }>): readonly Replica[] {
    const isOfKey = ({ kem, keyId }: { readonly kem: number; readonly keyId: number }): boolean =>
      kem === key.kem && (key.by === 'kem' || keyId === key.keyId);
    return this.#options.directory.all().filter(({ card }) => card.keys.some(isOfKey));
  }

  async #toFirst(request: SealedRequest, replicas: readonly Replica[]): Promise<HttpResponse | undefined> {
    for (const replica of replicas) {
      // One that has another key of the same id says so, and the next one is asked.
      // eslint-disable-next-line no-await-in-loop
      const answer = await this.#forward(replica, request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #toSession(request: SealedRequest, id: string): Promise<HttpResponse | undefined> {
    const replicas = this.#options.directory.all();
    const known = this.#sessions.get(id);
    const replica =
      replicas.find(({ card }) => card.replica === known) ?? (await this.#search(replicas, id, request.signal));
    if (replica === undefined) return undefined;
    this.#sessions.set(id, replica.card.replica);
    return this.#forward(replica, request);
  }

  /**
   * Sessions are known to their replica alone: a short question to each. Beyond the bound a session counts as gone, and its client opens
   * another.
   */
  async #search(replicas: readonly Replica[], id: string, signal: AbortSignal): Promise<Replica | undefined> {
    if (this.#sessionSearches >= maxSessionSearches) return undefined;
    this.#sessionSearches += 1;
    try {
      return await this.#askAll(replicas, id, signal);
    } finally {
      this.#sessionSearches -= 1;
    }
  }

  async #askAll(replicas: readonly Replica[], id: string, signal: AbortSignal): Promise<Replica | undefined> {
    const found = await Promise.all(
      replicas.map(async (replica) => {
        const limits = { headTimeoutMs: probeTimeoutMs, maxBytes: 0, signal };
        const question = { method: 'GET', path: `${sessionProbePath}${id}`, ...limits };
        try {
          const response = await replica.link.passOn(question);
          await bytesOf(response, limits.maxBytes);
          return response.status === 204;
        } catch {
          return false;
        }
      }),
    );
    return replicas.find((_, at) => found[at]);
  }

  /** @returns undefined for a replica that cannot be reached, or says that the request is not for it */
  async #forward(replica: Replica, request: SealedRequest): Promise<HttpResponse | undefined> {
    const { method, path, body, signal, remoteAddress } = request;
    let response: HttpClientResponse;
    try {
      response = await replica.link.passOn({
        method,
        path,
        headers: { ...sentHeaders(request.headers), [forwardedForHeader]: remoteAddress },
        ...(method === 'GET' ? {} : { body }),
        headTimeoutMs,
        maxBytes: this.#options.maxAnswerBytes,
        signal,
      });
    } catch (error) {
      // What could not be sent may be answered by another replica.
      if (isEnclosError(error, 'INFERENCE_REPLICA_LOST')) throw error;
      return undefined;
    }
    if (response.status === misdirected) {
      await bytesOf(response, this.#options.maxAnswerBytes);
      return undefined;
    }
    this.#forwarded += 1;
    return { status: response.status, headers: sentHeaders(response.headers), body: response.body };
  }
}

/** Fields of a connection, and those that each connection sets for itself. */
const ownFields = new Set([
  'connection',
  'content-length',
  'date',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  forwardedForHeader,
]);

function sentHeaders(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !ownFields.has(name)));
}
