import type { webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { concatBytes, utf8 } from '@enclos/codec';
import { encodeValue, type Infer } from '@enclos/edl';
import { messageUse } from './vault.edl.ts';

/** HPKE (RFC 9180) with P-256, HKDF-SHA256 and AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export interface Encrypted {
  readonly encapsulatedKey: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** The use of a message. It is authenticated, so a message for one use, name or challenge cannot serve another. */
export type MessageUse = Infer<typeof messageUse>;

function information(use: MessageUse): ArrayBuffer {
  return buffer(concatBytes(utf8('enclos vault v2 '), encodeValue(messageUse, use)));
}

/**
 * Encrypts a message to a public key.
 *
 * @param parties `sender`: the pair that authenticates the message (mode Auth, RFC 9180 section 5.1.3). Without it (mode Base)
 *   any party could have made the message.
 */
export async function encryptMessage(
  plaintext: Uint8Array,
  use: MessageUse,
  parties: { readonly recipient: Uint8Array; readonly sender?: webcrypto.CryptoKeyPair },
): Promise<Encrypted> {
  const sender = await suite.createSenderContext({
    recipientPublicKey: await importPublicKey(parties.recipient),
    info: information(use),
    ...(parties.sender === undefined ? {} : { senderKey: parties.sender }),
  });
  const ciphertext = new Uint8Array(await sender.seal(buffer(plaintext)));
  return { encapsulatedKey: new Uint8Array(sender.enc), ciphertext };
}

/**
 * Opens a message.
 *
 * @param parties `sender`: the public key of the only sender whose message opens. Without it, any sender's message opens.
 * @throws what HPKE throws when recipient, sender or use are not those of the message, or it was changed.
 */
export async function decryptMessage(
  message: Encrypted,
  use: MessageUse,
  parties: { readonly recipient: webcrypto.CryptoKeyPair; readonly sender?: Uint8Array },
): Promise<Uint8Array> {
  const recipient = await suite.createRecipientContext({
    recipientKey: parties.recipient,
    enc: buffer(message.encapsulatedKey),
    info: information(use),
    ...(parties.sender === undefined ? {} : { senderPublicKey: await importPublicKey(parties.sender) }),
  });
  return new Uint8Array(await recipient.open(buffer(message.ciphertext)));
}

function importPublicKey(publicKey: Uint8Array): Promise<webcrypto.CryptoKey> {
  return suite.kem.deserializePublicKey(buffer(publicKey));
}

function buffer(bytesToCopy: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytesToCopy).buffer;
}
