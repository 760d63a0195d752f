import { fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { ehbpFraming } from '../chunks/framing.ts';
import { ChunkOpener, streamSealer, type StreamLimits, type StreamOpener } from '../chunks/stream.ts';
import type { Awaitable, HpkeEngine } from '../engine.ts';
import { hpkeOf, type RecipientContext } from '../hpke/hpke.ts';
import type { KemKeyPair } from '../hpke/key-pair.ts';
import { empty } from '../hpke/labels.ts';
import { responseNonceBytes, responseOpener, responseSealer, responseSecret } from '../hpke/response-key.ts';
import { aeadIds, kdfIds, kemIds, lengthsOf, type HpkeSuite } from '../suites.ts';

/** The names of EHBP 0.3 (Encrypted HTTP Body Protocol, tinfoilsh). */
export const ehbp = Object.freeze({
  /** Where a service gives its key configuration, without a length before it and of type `application/ohttp-keys`. */
  keysPath: '/.well-known/hpke-keys',
  encapsulatedKeyHeader: 'ehbp-encapsulated-key',
  responseNonceHeader: 'ehbp-response-nonce',
  /** The type of the problem (RFC 9457) that a service answers with status 422 to a stale key. */
  keyProblem: 'urn:ietf:params:ehbp:error:key-config',
} as const);

/** The one suite of EHBP. */
export const ehbpSuite: HpkeSuite = Object.freeze({
  kem: kemIds.x25519,
  kdf: kdfIds.hkdfSha256,
  aead: aeadIds.aes256Gcm,
});
const requestInfo = utf8('ehbp request');
const responseLabel = 'ehbp response';

/** A request that is being sent: `encapsulatedKey` is the value of its header. */
export interface EhbpRequestSealer {
  readonly encapsulatedKey: string;
  readonly seal: (chunk: Uint8Array) => Promise<Uint8Array>;
  /**
   * @param responseNonce the value of the response's header.
   * @throws HPKE_MESSAGE_INVALID for another form of it.
   */
  readonly openResponse: (responseNonce: string, limits: StreamLimits) => Promise<StreamOpener>;
}

/**
 * Begins a request of EHBP.
 *
 * EHBP seals bodies only, does not mark the last chunk, and binds neither method nor path: a host can cut a body between
 * two chunks, and send a request to another path. Use it for clients that speak nothing else.
 */
export async function beginEhbpRequest(engine: HpkeEngine, publicKey: Uint8Array): Promise<EhbpRequestSealer> {
  const context = await hpkeOf(engine, ehbpSuite).setUpSender(publicKey, requestInfo);
  const { seal } = streamSealer(context, ehbpFraming, empty);
  return Object.freeze({
    encapsulatedKey: toHex(context.enc),
    seal: async (chunk: Uint8Array) => seal(chunk, false),
    openResponse: async (responseNonce: string, limits: StreamLimits) => {
      const nonce = hexOf(responseNonce, responseNonceBytes(ehbpSuite));
      return new ChunkOpener(
        await responseOpener(engine, { ...(await responseSecret(context, responseLabel)), nonce }),
        ehbpFraming,
        limits,
      );
    },
  });
}

/** A response that is being sent: `responseNonce` is the value of its header. */
export interface EhbpResponseSealer {
  readonly responseNonce: string;
  readonly seal: (chunk: Uint8Array) => Promise<Uint8Array>;
}

export interface EhbpServiceOptions extends StreamLimits {
  /** The keys that are in use, the current one first: a request does not name its key. */
  readonly pairs: readonly KemKeyPair[];
  /** The value of the request's header. */
  readonly encapsulatedKey: string;
}

/** A request that is arriving. */
export class EhbpRequestOpener implements StreamOpener {
  readonly #engine: HpkeEngine;
  readonly #options: EhbpServiceOptions;
  readonly #enc: Uint8Array;
  readonly #stream: ChunkOpener;
  #context: RecipientContext | undefined;
  #pair: KemKeyPair | undefined;

  /** @throws HPKE_MESSAGE_INVALID for a header of another form. */
  constructor(engine: HpkeEngine, options: EhbpServiceOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#enc = hexOf(options.encapsulatedKey, lengthsOf(ehbpSuite.kem).enc);
    this.#stream = new ChunkOpener({ open: async (ciphertext) => this.#open(ciphertext) }, ehbpFraming, options);
  }

  /** The context of the request, once a chunk is open: for a `ReplayWindow`, whose name of the request it exports. */
  get context(): RecipientContext {
    if (this.#context === undefined) throw new EnclosError('HPKE_TRUNCATED', 'No chunk of the request has arrived.');
    return this.#context;
  }

  /** The key that the request was sealed to, once a chunk is open. */
  get pair(): KemKeyPair | undefined {
    return this.#pair;
  }

  async push(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#stream.push(bytes);
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.#stream.end();
  }

  finish(bytes: Uint8Array): Awaitable<readonly Uint8Array[]> {
    return this.#stream.finish(bytes);
  }

  async sealResponse(): Promise<EhbpResponseSealer> {
    const nonce = this.#engine.randomBytes(responseNonceBytes(ehbpSuite));
    const common = await responseSecret(this.context, responseLabel);
    const sealer = await responseSealer(this.#engine, { ...common, nonce });
    const { seal } = streamSealer(sealer, ehbpFraming, empty);
    return Object.freeze({ responseNonce: toHex(nonce), seal: async (chunk: Uint8Array) => seal(chunk, false) });
  }

  /** The first chunk tells for which key the request was sealed. */
  async #open(ciphertext: Uint8Array): Promise<Uint8Array> {
    if (this.#context !== undefined) return this.#context.open(ciphertext);
    const hpke = hpkeOf(this.#engine, ehbpSuite);
    for (const pair of this.#options.pairs) {
      // The current key comes first and is nearly always the one.
      // eslint-disable-next-line no-await-in-loop
      const context = await hpke.setUpRecipient(pair, this.#enc, requestInfo);
      // eslint-disable-next-line no-await-in-loop
      const plaintext = await context.open(ciphertext).catch(() => undefined);
      if (plaintext === undefined) continue;
      this.#context = context;
      this.#pair = pair;
      return plaintext;
    }
    throw new EnclosError('HPKE_KEY_STALE', 'The request opens with none of the keys in use.');
  }
}

function hexOf(text: string, bytes: number): Uint8Array {
  if (text.length === 2 * bytes && /^[0-9a-f]*$/i.test(text)) return fromHex(text.toLowerCase());
  throw new EnclosError('HPKE_MESSAGE_INVALID', `The header of EHBP is not ${bytes} bytes in hex.`);
}
