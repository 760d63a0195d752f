import { utf8 } from '@enclos/codec';
import {
  beginEhbpRequest,
  ohttpProfile,
  openSession,
  sealOhttpRequest,
  sessionTypes,
  type ClientSession,
  type OhttpProfile,
  type PublishedKey,
} from '@enclos/hpke';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { answerOf, engine, inferInside, maxBytes, wholeBodyOf, type InnerAnswer } from '../sealed-scene.ts';
import type { TestReplica } from './scene.ts';

/** When the clocks of the scene stand. */
const nowMs = 1_700_000_000_000;
const date = new Date(nowMs).toUTCString();

export interface SentRequest {
  readonly request: Partial<HttpRequest>;
  readonly open: (answer: HttpResponse) => Promise<InnerAnswer>;
}

/** A request sealed to a key, as clients of Oblivious HTTP send it. */
export async function sealedTo(
  config: PublishedKey,
  {
    values = [1],
    profile = ohttpProfile,
    inside,
  }: { readonly values?: readonly number[]; readonly profile?: OhttpProfile; readonly inside?: Uint8Array } = {},
): Promise<SentRequest> {
  const message = inside ?? inferInside(values, [['date', date]]);
  const sealed = await sealOhttpRequest(engine, { profile, config }, message);
  return {
    request: { headers: new Map([['content-type', profile.requestType]]), body: sealed.message },
    open: async (answer) => answerOf(await sealed.openResponse(await wholeBodyOf(answer), { maxBytes })),
  };
}

/** One of EHBP, which names no key. */
export async function ehbpTo({ publicKey }: PublishedKey, values: readonly number[] = [1]): Promise<SentRequest> {
  const sealer = await beginEhbpRequest(engine, publicKey);
  const numbers = { inputs: [{ name: 'in', shape: [values.length], datatype: 'FP32', data: values }] };
  const body = await sealer.seal(utf8(JSON.stringify(numbers)));
  return {
    request: {
      path: '/v2/models/adder/infer',
      headers: new Map([
        ['ehbp-encapsulated-key', sealer.encapsulatedKey],
        ['x-mine', 'a'],
        ['enclos-forwarded-for', 'forged'],
      ]),
      body,
    },
    async open(answer) {
      const opener = await sealer.openResponse(answer.headers?.['ehbp-response-nonce'] ?? '', { maxBytes });
      const text = Buffer.concat([...(await opener.push(await wholeBodyOf(answer))), ...(await opener.end())]);
      return { status: answer.status, fields: new Map(), text: text.toString('utf8') };
    },
  };
}

const sessionPath = '/v1/session';
const binding = { method: 'POST', path: sessionPath, model: '', modelDigest: new Uint8Array() };

/** A session with the replica that has the key, opened through another one. */
export async function sessionThrough(replica: TestReplica, config: PublishedKey): Promise<ClientSession> {
  const opening = await openSession(engine, { config, dateMs: nowMs });
  const headers = new Map([['content-type', sessionTypes.open]]);
  const answer = await replica.send({ path: sessionPath, headers, body: opening.message });
  if (answer.status !== 200) throw new Error(`The session was refused with ${answer.status}.`);
  return opening.finish(await wholeBodyOf(answer), nowMs);
}

export async function inSession(session: ClientSession, values: readonly number[] = [1]): Promise<SentRequest> {
  const exchange = session.begin(binding, nowMs);
  const sealed = await exchange.seal(inferInside(values), true);
  return {
    request: {
      path: sessionPath,
      headers: new Map([['content-type', sessionTypes.request]]),
      body: Buffer.concat([exchange.head, sealed]),
    },
    async open(answer) {
      const opener = exchange.openResponse({ maxBytes });
      const pieces = [...(await opener.push(await wholeBodyOf(answer))), ...(await opener.end())];
      return answerOf(Buffer.concat(pieces));
    },
  };
}

/** The code in an answer that is not sealed. */
export async function refusalOf(answer: HttpResponse): Promise<readonly [number, string]> {
  const { title } = JSON.parse(Buffer.from(await wholeBodyOf(answer)).toString('utf8')) as { readonly title: string };
  return [answer.status, title];
}
