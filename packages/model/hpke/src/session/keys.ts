import { concatBytes, utf8 } from '@enclos/codec';
import type { AeadKey, HpkeEngine } from '../engine.ts';
import type { HpkeContext } from '../hpke/hpke.ts';
import { hkdfExpand } from '../hpke/labels.ts';
import { hashOf, keyBytesOf, nonceBytes } from '../suites.ts';

/** One direction of a session. */
export interface DirectionKey {
  readonly key: AeadKey;
  readonly baseNonce: Uint8Array;
}

export interface SessionKeys {
  readonly sessionId: Uint8Array;
  readonly client: DirectionKey;
  readonly server: DirectionKey;
}

export const sessionIdBytes = 16;
export const serverNonceBytes = 32;
const label = utf8('enclos session');

/**
 * The keys of a session, from the context of its opening and a nonce of the server: an opening that is answered twice
 * has other keys each time. Each direction has its own, so that a message of one is none of the other.
 */
export async function sessionKeys(
  engine: HpkeEngine,
  context: HpkeContext,
  serverNonce: Uint8Array,
): Promise<SessionKeys> {
  const { suite, enc } = context;
  const hash = hashOf(suite.kdf);
  const secret = await context.export(label, keyBytesOf(suite.aead));
  const extracted = await engine.hmac(hash, concatBytes(enc, serverNonce), secret);
  const expand = async (info: string, length: number): Promise<Uint8Array> =>
    hkdfExpand(engine, hash, extracted, { info: [utf8(info)], length });
  const direction = async (name: string): Promise<DirectionKey> => ({
    key: await engine.aead(suite.aead, await expand(`${name} key`, keyBytesOf(suite.aead))),
    baseNonce: await expand(`${name} nonce`, nonceBytes),
  });
  return {
    sessionId: await expand('id', sessionIdBytes),
    client: await direction('client'),
    server: await direction('server'),
  };
}
