import { concatBytes, toHex, utf8 } from '@enclos/codec';
import {
  azureOhttpProfile,
  beginEhbpRequest,
  beginOhttpRequest,
  chunkedOhttpProfile,
  currentKey,
  decodeBhttpResponse,
  ehbp,
  encodeBhttpRequest,
  kemIds,
  ohttpProfile,
  openSession,
  parseKeySet,
  sessionTypes,
  type ClientSession,
  type KeySetDocument,
  type OhttpProfile,
  type StreamOpener,
} from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import { createSealedCarrier, type SealedCarrier } from '@enclos/inference-client/node';
import { inferRequestBody, parseInferResponse, readHeaderLength, tensorOf, wholeBody } from '@enclos/open-inference';
import { readInferenceReport } from '@enclos/receipts';
import type { Random } from '../random.ts';
import type { HostileOptions, HostilityCounts } from './hostile-answers.ts';
import { isSame, manipulations, type Pieces } from './manipulations.ts';
import { pixelsOf } from './questions.ts';

const engine = nodeEngine();
const limits = { maxBytes: 1_048_576 };
const contentLimits = { maxContentBytes: 1_048_576 };
const sessionBinding = { method: 'POST', path: '/v1/session', model: '', modelDigest: new Uint8Array() };

/** A sealed request as it goes over the wire, and what opens the answer to it. */
interface SealedRequest {
  readonly way: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: Pieces;
  open(answer: Response, body: Uint8Array): Promise<string>;
}

/** A request inside a channel: the scores of a picture. Pixels may be mutated ones. */
function inferBody(pixels: Float32Array): { readonly headerLength: string; readonly body: Uint8Array } {
  const request = {
    inputs: [tensorOf('input', 'FP32', pixels, [1, 1, 8, 8])],
    areInputsBinary: true,
    areOutputsBinary: true,
  };
  const body = inferRequestBody(request);
  return { headerLength: String(body.headerLength), body: wholeBody(body) };
}

const inferPath = '/v2/models/digits/infer';

function messageOf(body: Uint8Array, headerLength: string): Uint8Array {
  const fields = [
    ['inference-header-content-length', headerLength],
    ['date', String(Date.now())],
  ] as const;
  const head = { method: 'POST', scheme: 'https', authority: 'inference.test', path: inferPath, fields };
  return encodeBhttpRequest(head, body, { padTo: 1024 });
}

function shownInside(message: Uint8Array): string {
  const { head, content } = decodeBhttpResponse(message, contentLimits);
  return shown(head.status, new Map(head.fields), content);
}

function shown(status: number, fields: ReadonlyMap<string, string>, content: Uint8Array): string {
  if (status !== 200) return `status ${status}`;
  const headerLength = readHeaderLength(fields.get('inference-header-content-length'));
  return parseInferResponse(content, { headerLength })
    .outputs.map(({ data }) => toHex(data))
    .join();
}

async function openAll(opener: StreamOpener, body: Uint8Array): Promise<Uint8Array> {
  return concatBytes(...(await opener.push(body)), ...(await opener.end()));
}

const profiles: readonly (readonly [OhttpProfile, string, number])[] = [
  [ohttpProfile, '/ohttp', kemIds.x25519],
  [chunkedOhttpProfile, '/ohttp', kemIds.x25519],
  [azureOhttpProfile, '/score', kemIds.p384],
];

/** Seals requests by every channel of the service. */
class Sealer {
  readonly #keys: KeySetDocument;
  readonly #url: string;
  readonly #carrier: SealedCarrier;
  #session: ClientSession | undefined;

  constructor(keys: KeySetDocument, url: string, carrier: SealedCarrier) {
    this.#keys = keys;
    this.#url = url;
    this.#carrier = carrier;
  }

  async seal(way: number, body: Uint8Array, headerLength: string): Promise<SealedRequest> {
    const [profile, path, kem] = profiles[way] ?? [];
    if (profile !== undefined && path !== undefined) {
      const config = currentKey(this.#keys, Date.now(), [kem === kemIds.p384 ? kemIds.p384 : kemIds.x25519]);
      const sealer = await beginOhttpRequest(engine, { profile, config });
      const message = messageOf(body, headerLength);
      const half = message.length >> 1;
      // Only the draft has chunks.
      const parts = profile === chunkedOhttpProfile ? [message.subarray(0, half), message.subarray(half)] : [message];
      const pieces = [sealer.head];
      for (const [at, part] of parts.entries()) pieces.push(await sealer.seal(part, at === parts.length - 1));
      return {
        way: profile.requestType,
        path,
        headers: { 'content-type': profile.requestType },
        pieces,
        open: async (_, answer) => shownInside(await openAll(sealer.openResponse(limits), answer)),
      };
    }
    return way === profiles.length ? this.#sealEhbp(body, headerLength) : this.#sealSession(body, headerLength);
  }

  async #sealEhbp(body: Uint8Array, headerLength: string): Promise<SealedRequest> {
    const { publicKey } = currentKey(this.#keys, Date.now(), [kemIds.x25519]);
    const sealer = await beginEhbpRequest(engine, publicKey);
    return {
      way: 'ehbp',
      path: inferPath,
      headers: {
        [ehbp.encapsulatedKeyHeader]: sealer.encapsulatedKey,
        'inference-header-content-length': headerLength,
      },
      pieces: [await sealer.seal(body)],
      async open(answer, bytes) {
        const opener = await sealer.openResponse(answer.headers.get(ehbp.responseNonceHeader) ?? '', limits);
        return shown(answer.status, new Map(answer.headers), await openAll(opener, bytes));
      },
    };
  }

  async #sealSession(body: Uint8Array, headerLength: string): Promise<SealedRequest> {
    this.#session ??= await this.#openSession();
    const exchange = this.#session.begin(sessionBinding, Date.now());
    return {
      way: 'session',
      path: '/v1/session',
      headers: { 'content-type': sessionTypes.request },
      pieces: [exchange.head, await exchange.seal(messageOf(body, headerLength), true)],
      open: async (_, answer) => shownInside(await openAll(exchange.openResponse(limits), answer)),
    };
  }

  async #openSession(): Promise<ClientSession> {
    const config = currentKey(this.#keys, Date.now(), [kemIds.x25519]);
    const opening = await openSession(engine, { config, dateMs: Date.now() });
    const headers = { 'content-type': sessionTypes.open };
    const init = { method: 'POST', headers, body: new Uint8Array(opening.message) };
    const answer = await this.#carrier.fetch(`${this.#url}/v1/session`, init);
    return opening.finish(new Uint8Array(await answer.arrayBuffer()), Date.now());
  }
}

/** Where else, and as what else, a host may send a request. */
function misdirect(request: SealedRequest, random: Random): SealedRequest {
  const path = random.pick([
    '/ohttp',
    '/score',
    '/v1/session',
    inferPath,
    '/v2/models/characters/infer',
    '/v1/models/digits:predict',
  ]);
  const types = [
    ...profiles.map(([{ requestType }]) => requestType),
    sessionTypes.open,
    sessionTypes.request,
    'application/json',
  ];
  return { ...request, path, headers: { ...request.headers, 'content-type': random.pick(types) } };
}

/**
 * A host between clients of every channel and the service: it changes sealed requests, sends them twice, elsewhere and as another type. The
 * service refuses them without a seal, or the answer opens for the request as it was sent and is the right one.
 */
export async function attackRequests({ url, rounds, random, tally }: HostileOptions): Promise<HostilityCounts> {
  const carrier = createSealedCarrier();
  const report = await carrier.fetch(`${url}/v1/attestation/report`, { method: 'GET' });
  const sealer = new Sealer(parseKeySet(readInferenceReport(await report.text()).keySet), url, carrier);
  const counts: HostilityCounts = { refused: 0, harmless: 0 };
  const send = async ({ path, headers, pieces }: SealedRequest): Promise<readonly [Response, Uint8Array]> => {
    const body = new Uint8Array(Buffer.concat(pieces));
    const answer = await carrier.fetch(`${url}${path}`, { method: 'POST', headers, body });
    return [answer, new Uint8Array(await answer.arrayBuffer())];
  };
  const expected: string[] = [];
  for (let picture = 0; picture < 4; picture++) {
    const { body, headerLength } = inferBody(pixelsOf(picture));
    for (let way = 0; way < 5; way++) {
      const request = await sealer.seal(way, body, headerLength);
      const answer = await request.open(...(await send(request)));
      expected[picture] ??= answer;
      if (answer !== expected[picture] || answer.startsWith('status')) tally.fail(`${request.way}: ${answer}`);
    }
  }
  const others: SealedRequest[] = [];
  for (let round = 0; round < rounds; round++) {
    const [picture, way] = [random.below(4), random.below(5)];
    const { body, headerLength } = inferBody(pixelsOf(picture));
    const request = await sealer.seal(way, body, headerLength);
    const [name, change] = random.pick(Object.entries(manipulations));
    const other = others.findLast((one) => one.way === request.way)?.pieces ?? [];
    const isReplay = random.below(12) === 0;
    const pieces = isReplay ? request.pieces : change(request.pieces, other, random);
    let changed: SealedRequest = { ...request, pieces };
    if (random.below(6) === 0) changed = misdirect(changed, random);
    const where = `${request.way}, ${isReplay ? 'replay' : name}, to ${changed.path}`;
    try {
      // As it should be, first: then its copies and parts are replays.
      if (isReplay) await send(request);
      const [answer, bytes] = await send(changed);
      const outcome = await request.open(answer, bytes).catch(() => undefined);
      const isUntouched = !isReplay && isSame(pieces, request.pieces);
      // EHBP binds neither path nor the end of a body, so an error inside its seal is what a host can bring about.
      const isAllowed = outcome === expected[picture] && !isReplay;
      if (outcome === undefined || outcome.startsWith('status')) counts.refused++;
      else counts.harmless++;
      if (outcome === undefined || outcome.startsWith('status') || isAllowed) tally.pass();
      else tally.fail(`${where}: a wrong answer was accepted: ${outcome}`);
      if (
        isUntouched &&
        changed.path === request.path &&
        changed.headers === request.headers &&
        outcome === undefined
      ) {
        tally.fail(`${where}: it was not answered, with status ${answer.status}`);
      }
    } catch (error) {
      tally.fail(`${where}: ${String(error)}`);
    }
    others.push(request);
    if (others.length > 20) others.shift();
  }
  carrier.close();
  return counts;
}

/** Inside the seal: bodies that no client would write, of bytes and of tensors, which the service answers and survives. */
export async function mutateInside({
  url,
  rounds,
  random,
  tally,
}: HostileOptions): Promise<Readonly<Record<string, number>>> {
  const carrier = createSealedCarrier();
  const report = await carrier.fetch(`${url}/v1/attestation/report`, { method: 'GET' });
  const sealer = new Sealer(parseKeySet(readInferenceReport(await report.text()).keySet), url, carrier);
  const statuses: Record<string, number> = {};
  const session = profiles.length + 1;
  for (let round = 0; round < rounds; round++) {
    const { body, headerLength } = inferBody(new Float32Array(random.bytes(256).buffer));
    const [, change] = random.pick(Object.entries(manipulations));
    const other = [utf8('{"inputs":[{"name":"input","datatype":"FP32","shape":[1,1,8,8],"data":[1,2,3]}]}')];
    const isTensor = random.below(3) === 0;
    const mutated = isTensor
      ? body
      : concatBytes(...change([body.subarray(0, 100), body.subarray(100)], other, random));
    const length = random.below(6) === 0 ? String(random.below(400)) : headerLength;
    const request = await sealer.seal(session, mutated, length);
    try {
      const answer = await carrier.fetch(`${url}${request.path}`, {
        method: 'POST',
        headers: request.headers,
        body: new Uint8Array(Buffer.concat(request.pieces)),
      });
      const outcome = await request.open(answer, new Uint8Array(await answer.arrayBuffer()));
      const status = outcome.startsWith('status') ? outcome : 'computed';
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (/^(?:computed|status 4\d\d)$/.test(status)) tally.pass();
      else tally.fail(`a mutated body: ${status}: ${toHex(mutated.subarray(0, 400))}`);
    } catch (error) {
      tally.fail(`a mutated body: ${String(error)}: ${toHex(mutated.subarray(0, 400))}`);
    }
  }
  carrier.close();
  return statuses;
}
