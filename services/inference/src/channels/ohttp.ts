import {
  OhttpRequestOpener,
  ohttpProfile,
  openWhole,
  requestName,
  requireRequestType,
  type KemKeyPair,
  type OhttpProfile,
  type StreamSealer,
} from '@enclos/hpke';
import { EnclosError } from '@enclos/errors';
import { requestInside } from './binary-http.ts';
import type { ChannelContext, OpenedRequest, SealedRequest } from './channel.ts';
import { sealedAnswer } from './seal-stream.ts';

/**
 * Opens a request of Oblivious HTTP, by one of its profiles. Method, path, headers and body are inside, and the answer is sealed to this
 * request alone.
 * @throws OHTTP_TYPE_REFUSED, OHTTP_MESSAGE_INVALID, HPKE_*
 */
export async function openOhttp(
  context: ChannelContext,
  profile: OhttpProfile,
  { headers, body, signal }: SealedRequest,
): Promise<OpenedRequest> {
  requireRequestType(profile, headers.get('content-type'));
  const { engine, keys, window, undated, nowMs, maxBytes } = context;
  const now = nowMs();
  const find = keys.finder(now);
  let pair: KemKeyPair | undefined;
  const opener = new OhttpRequestOpener(engine, {
    profile,
    maxBytes,
    keyOf: (keyId, suite) => (pair = find(keyId, suite)),
  });
  const request = requestInside(await openWhole(opener, body), { maxBytes, signal });
  const date = dateOf(request.headers.get('date'));
  if (date !== undefined) window.accept(await requestName(opener.context), date, now);
  else if (pair !== undefined) await undated.accept(opener.context, pair, now);
  else throw new EnclosError('HPKE_TRUNCATED', 'The request names no key.');
  let made: Promise<StreamSealer> | undefined;
  const sealer = (): Promise<StreamSealer> => (made ??= opener.sealResponse());
  // The key of the answer is made while an engine computes it. Its failure is that of the answer.
  setImmediate(() => void sealer().catch(() => undefined));
  return {
    request,
    seal: async (answer) =>
      sealedAnswer(await sealer(), answer, {
        contentType: profile.responseType,
        maxBytes,
        isAlwaysWhole: profile === ohttpProfile,
      }),
  };
}

/** The date of a request (RFC 9110, section 5.6.7), or milliseconds since 1970. */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(ms)) throw new EnclosError('OHTTP_MESSAGE_INVALID', 'The date of the request is not a date.');
  return ms;
}
