import { derInteger, derOctetString, derOid, derSequence, derValue } from '@enclos/codec';
import { readPemBlocks } from '@enclos/codec/pem';
import { EnclosError } from '@enclos/errors';
import { within } from '../within.ts';

const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' };
const maxPemLength = 65_536;
const rsaEncryption = '1.2.840.113549.1.1.1';
const derNull = derValue(0x05, new Uint8Array(0));

/** A key of a WebCrypto, whose type only programs for browsers and Node's declarations name. */
type Key = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>;

/**
 * Encrypts a share to a member: RSA-OAEP with SHA-256 (CCF, src/crypto/openssl/rsa_public_key.cpp).
 *
 * @param publicKeyPem The member's encryption key, `PUBLIC KEY`.
 * @throws LEDGER_INVALID for another PEM.
 */
export async function sealShare(publicKeyPem: string, share: Uint8Array): Promise<Uint8Array> {
  const key = await importKey('spki', derOf('PUBLIC KEY', publicKeyPem), 'encrypt');
  return new Uint8Array(await globalThis.crypto.subtle.encrypt(algorithm, key, Uint8Array.from(share)));
}

/**
 * Decrypts the share of a member.
 *
 * @param privateKeyPem The member's private encryption key: `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY` (PKCS #1).
 * @throws LEDGER_INVALID for another PEM; LEDGER_SECRET_WRONG when the share is not encrypted to this key.
 */
export async function openShare(privateKeyPem: string, encrypted: Uint8Array): Promise<Uint8Array> {
  const key = await importKey('pkcs8', derOf('PRIVATE KEY', privateKeyPem), 'decrypt');
  try {
    return new Uint8Array(await globalThis.crypto.subtle.decrypt(algorithm, key, Uint8Array.from(encrypted)));
  } catch (cause) {
    throw new EnclosError('LEDGER_SECRET_WRONG', 'The share does not decrypt with this private key.', { cause });
  }
}

async function importKey(format: 'spki' | 'pkcs8', der: Uint8Array, use: 'encrypt' | 'decrypt'): Promise<Key> {
  try {
    return await globalThis.crypto.subtle.importKey(format, Uint8Array.from(der), algorithm, false, [use]);
  } catch (cause) {
    throw new EnclosError('LEDGER_INVALID', 'The encryption key of the member is not an RSA key.', { cause });
  }
}

function derOf(label: string, pem: string): Uint8Array {
  return within('The encryption key of the member', () => {
    const [block] = readPemBlocks(pem, maxPemLength);
    if (block?.label === label) return block.bytes;
    if (block?.label === 'RSA PRIVATE KEY' && label === 'PRIVATE KEY') return asPkcs8(block.bytes);
    throw new EnclosError(
      'LEDGER_INVALID',
      `The encryption key of the member is to be a PEM with ${label}, and this is one with ${block?.label}.`,
    );
  });
}

/** WebCrypto reads no PKCS #1: the key goes into the envelope of PKCS #8 (RFC 5208, section 5). */
function asPkcs8(pkcs1: Uint8Array): Uint8Array {
  return derSequence(derInteger(0), derSequence(derOid(rsaEncryption), derNull), derOctetString(pkcs1));
}
