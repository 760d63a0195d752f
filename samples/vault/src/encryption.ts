import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { utf8 } from '@enclos/codec';

/** HPKE (RFC 9180) with P-256, HKDF-SHA256 and AES-256-GCM, in base mode. */
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export interface Encrypted {
  readonly encapsulatedKey: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What a message is for. It is authenticated, so a message for one use cannot serve another. */
export interface MessageUse {
  readonly direction: 'upload' | 'release';
  readonly name: string;
}

function information({ direction, name }: MessageUse): ArrayBuffer {
  return buffer(utf8(`enclos vault ${direction} ${name}`));
}

export async function encryptTo(publicKey: Uint8Array, use: MessageUse, plaintext: Uint8Array): Promise<Encrypted> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(publicKey));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: information(use) });
  const ciphertext = new Uint8Array(await sender.seal(buffer(plaintext)));
  return { encapsulatedKey: new Uint8Array(sender.enc), ciphertext };
}

export async function decryptWith(keyPair: CryptoKeyPair, use: MessageUse, message: Encrypted): Promise<Uint8Array> {
  const recipient = await suite.createRecipientContext({
    recipientKey: keyPair,
    enc: buffer(message.encapsulatedKey),
    info: information(use),
  });
  return new Uint8Array(await recipient.open(buffer(message.ciphertext)));
}

type CryptoKeyPair = Parameters<typeof suite.createRecipientContext>[0]['recipientKey'];

function buffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
