import {
  beginOhttpRequest,
  chunkedOhttpProfile,
  openSession,
  sessionTypes,
  type ClientSession,
  type HpkeEngine,
  type OhttpRequestSealer,
  type PublishedKey,
  type StreamLimits,
  type StreamOpener,
} from '@enclos/hpke';
import { isEnclosError } from '@enclos/errors';
import type { AttestedService } from '../attested-service.ts';
import { bodyOf, readBody, refuseUnsealed, withinTime, type ServiceAddress } from '../outer-http.ts';

/** A sealed request to send, and what opens its answer. */
export interface SealedExchange {
  readonly path: string;
  readonly type: string;
  readonly answerType: string;
  readonly body: Uint8Array;
  openAnswer(limits: StreamLimits): StreamOpener;
}

/** A way to seal requests to an attested service. */
export interface Channel {
  seal(service: AttestedService, message: Uint8Array): Promise<SealedExchange>;
  /** What was agreed with a service does not count any more. */
  forget(service: AttestedService): void;
}

export interface ChannelOptions {
  readonly address: ServiceAddress;
  readonly engine: HpkeEngine;
  readonly nowMs: () => number;
  readonly timeoutMs: number;
}

/**
 * One set-up of HPKE for each request: chunked Oblivious HTTP. The set-up for the next request to a key is made while the answer to this one is
 * awaited, and used once.
 */
export function oneShotChannel({ engine, nowMs }: ChannelOptions): Channel {
  const profile = chunkedOhttpProfile;
  let ahead: SetUp | undefined;
  const setUp = (config: PublishedKey): SetUp => {
    const request = beginOhttpRequest(engine, { profile, config });
    // Its failure is that of the request which it is for.
    request.catch(() => undefined);
    return { config, request };
  };
  return {
    async seal(service, message) {
      const config = service.key(nowMs());
      const { request } = ahead?.config === config ? ahead : setUp(config);
      ahead = undefined;
      const sealing = await request;
      const body = await sealing.sealAll(message);
      afterwards(() => (ahead ??= setUp(config)));
      const { requestType: type, responseType: answerType } = profile;
      return { path: '/ohttp', type, answerType, body, openAnswer: sealing.openResponse };
    },
    forget() {
      ahead = undefined;
    },
  };
}

interface SetUp {
  readonly config: PublishedKey;
  readonly request: Promise<OhttpRequestSealer>;
}

/** When what is under way, such as the sending of a request, has been done: browsers have no `setImmediate`. */
function afterwards(step: () => void): void {
  const { setImmediate: schedule } = globalThis as Partial<Pick<typeof globalThis, 'setImmediate'>>;
  if (schedule === undefined) setTimeout(step, 0);
  else schedule(step);
}

const sessionPath = '/v1/session';
const sessionBinding = Object.freeze({ method: 'POST', path: sessionPath, model: '', modelDigest: new Uint8Array() });
const maximumOpeningBytes = 4096;

/** One set-up of HPKE for many requests. */
export function sessionChannel({ address, engine, nowMs, timeoutMs }: ChannelOptions): Channel {
  const sessions = new WeakMap<AttestedService, Promise<ClientSession>>();
  const open = async (service: AttestedService): Promise<ClientSession> => {
    const opening = await openSession(engine, { config: service.key(nowMs()), dateMs: nowMs() });
    // Other requests wait for the same session, so the signal of one does not end it.
    return withinTime(timeoutMs, async (signal) => {
      const response = await address.send(sessionPath, {
        method: 'POST',
        headers: { ...service.routing, 'content-type': sessionTypes.open },
        body: bodyOf(opening.message),
        signal,
      });
      if (response.status !== 200 || response.headers.get('content-type') !== sessionTypes.opened) {
        await response.body?.cancel();
        return refuseUnsealed(response);
      }
      return opening.finish(await readBody(response.body, maximumOpeningBytes), nowMs());
    });
  };
  const sessionOf = async (service: AttestedService): Promise<ClientSession> => {
    const known = sessions.get(service);
    if (known !== undefined) return known;
    const opening = open(service);
    sessions.set(service, opening);
    try {
      return await opening;
    } catch (error) {
      if (sessions.get(service) === opening) sessions.delete(service);
      throw error;
    }
  };
  const begin = (session: ClientSession): ReturnType<ClientSession['begin']> => session.begin(sessionBinding, nowMs());
  return {
    async seal(service, message) {
      const session = await sessionOf(service);
      let exchange;
      try {
        exchange = begin(session);
      } catch (error) {
        if (!isEnclosError(error, 'HPKE_SESSION_GONE')) throw error;
        sessions.delete(service);
        exchange = begin(await sessionOf(service));
      }
      return {
        path: sessionPath,
        type: sessionTypes.request,
        answerType: sessionTypes.response,
        body: await exchange.sealAll(message),
        openAnswer: exchange.openResponse,
      };
    },
    forget(service) {
      sessions.delete(service);
    },
  };
}
