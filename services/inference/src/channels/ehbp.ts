import { concatBytes } from '@enclos/codec';
import { EhbpRequestOpener, ehbp, ehbpSuite } from '@enclos/hpke';
import { EnclosError } from '@enclos/errors';
import { receiptNames } from '../receipt-names.ts';
import type { ChannelContext, OpenedRequest, SealedRequest } from './channel.ts';

/** Whether a request is one of EHBP. */
export function isEhbp({ headers }: Pick<SealedRequest, 'headers'>): boolean {
  return headers.has(ehbp.encapsulatedKeyHeader);
}

/**
 * Opens a request of EHBP, of which only the body is sealed: method, path and headers are what the host says. A request that is sent again,
 * to whatever path, is refused.
 * @throws HPKE_*
 */
export async function openEhbp(context: ChannelContext, sealed: SealedRequest): Promise<OpenedRequest> {
  const { engine, keys, undated, nowMs, maxBytes } = context;
  const now = nowMs();
  const opener = new EhbpRequestOpener(engine, {
    pairs: keys.pairsOf(ehbpSuite.kem, now),
    encapsulatedKey: sealed.headers.get(ehbp.encapsulatedKeyHeader) ?? '',
    maxBytes,
  });
  const body = concatBytes(...(await opener.push(sealed.body)), ...(await opener.end()));
  const { pair } = opener;
  // Without a chunk nothing was sealed, so nothing shows that a client sent it.
  if (pair === undefined) throw new EnclosError('HPKE_TRUNCATED', 'The request has no sealed chunk.');
  await undated.accept(opener.context, pair, now);
  return {
    request: { ...sealed, body },
    async seal({ status, headers, body: answer }) {
      const { responseNonce, seal } = await opener.sealResponse();
      // Headers are outside the seal, and a receipt has digests of both bodies: a host that guesses a short one could check its guess.
      const { [receiptNames.receipt]: _, ...open } = headers;
      return {
        status,
        headers: { ...open, [ehbp.responseNonceHeader]: responseNonce },
        body: answer instanceof Uint8Array ? await seal(answer) : sealEach(answer, seal),
      };
    },
  };
}

async function* sealEach(
  pieces: AsyncIterable<Uint8Array>,
  seal: (chunk: Uint8Array) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) if (piece.length > 0) yield seal(piece);
}
