import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { after, together, type AeadKey, type Awaitable, type HpkeEngine } from '../engine.ts';
import { hashOf, keyBytesOf, nonceBytes, type HpkeSuite } from '../suites.ts';
import type { HpkeContext } from './hpke.ts';
import { hkdfExpand } from './labels.ts';
import { Opener, Sealer } from './sequence.ts';

/** What a request and its response have in common: a party without it can neither read nor make the response. */
export interface ResponseSecret {
  readonly context: HpkeContext;
  readonly secret: Uint8Array;
}

/** Known with the request, before there is a response. */
export async function responseSecret(context: HpkeContext, label: string): Promise<ResponseSecret> {
  return { context, secret: await context.export(utf8(label), responseNonceBytes(context.suite)) };
}

export interface ResponseKeyInput extends ResponseSecret {
  /** Random, so that a request that is answered twice has two keys. */
  readonly nonce: Uint8Array;
}

const keyLabel = utf8('key');
const nonceLabel = utf8('nonce');

/** How long the nonce of a response is: max(Nn, Nk) (RFC 9458, section 4.4). */
export function responseNonceBytes({ aead }: HpkeSuite): number {
  return Math.max(nonceBytes, keyBytesOf(aead));
}

/** What seals the response to a request, by its key of RFC 9458, section 4.4. */
export function responseSealer(engine: HpkeEngine, input: ResponseKeyInput): Awaitable<Sealer> {
  return after(responseKey(engine, input), ({ key, baseNonce }) => new Sealer(key, baseNonce));
}

export function responseOpener(engine: HpkeEngine, input: ResponseKeyInput): Awaitable<Opener> {
  return after(responseKey(engine, input), ({ key, baseNonce }) => new Opener(key, baseNonce));
}

function responseKey(
  engine: HpkeEngine,
  { context, secret, nonce }: ResponseKeyInput,
): Awaitable<{ readonly key: AeadKey; readonly baseNonce: Uint8Array }> {
  const { suite, enc } = context;
  const length = responseNonceBytes(suite);
  if (nonce.length !== length) {
    throw new EnclosError('HPKE_MESSAGE_INVALID', `The nonce of a response has ${length} bytes.`);
  }
  const hash = hashOf(suite.kdf);
  return after(engine.hmac(hash, concatBytes(enc, nonce), secret), (extracted) => {
    const parts = together<readonly [Uint8Array, Uint8Array]>([
      hkdfExpand(engine, hash, extracted, { info: [keyLabel], length: keyBytesOf(suite.aead) }),
      hkdfExpand(engine, hash, extracted, { info: [nonceLabel], length: nonceBytes }),
    ]);
    return after(parts, ([bytes, baseNonce]) => after(engine.aead(suite.aead, bytes), (key) => ({ key, baseNonce })));
  });
}
