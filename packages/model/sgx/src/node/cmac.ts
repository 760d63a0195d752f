import '../errors.ts';
import { EnclosError } from '@enclos/errors';
import { createCipheriv } from 'node:crypto';

const blockBytes = 16;

/** Doubling in GF(2^128) (RFC 4493, section 2.3), without a branch on the secret. */
function double(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(blockBytes);
  let carry = 0;
  for (let i = blockBytes - 1; i >= 0; i--) {
    const byte = block[i] ?? 0;
    out[i] = (byte << 1) | carry;
    carry = byte >> 7;
  }
  out[blockBytes - 1] = (out[blockBytes - 1] ?? 0) ^ (0x87 & -carry);
  return out;
}

function encryptBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', key, new Uint8Array(blockBytes));
  cipher.setAutoPadding(false);
  return cipher.update(blocks);
}

/** Prepares the last block for CMAC: whole blocks use K1, padded blocks use K2 (RFC 4493, section 2.4). */
function prepare(message: Uint8Array, k1: Uint8Array): Uint8Array {
  const blockCount = Math.max(1, Math.ceil(message.length / blockBytes));
  const whole = message.length === blockCount * blockBytes;
  const blocks = new Uint8Array(blockCount * blockBytes);
  blocks.set(message);
  if (!whole) blocks[message.length] = 0x80;
  const subkey = whole ? k1 : double(k1);
  const last = blocks.subarray(-blockBytes);
  for (let i = 0; i < blockBytes; i++) last[i] = (last[i] ?? 0) ^ (subkey[i] ?? 0);
  return blocks;
}

/**
 * AES-128-CMAC (RFC 4493, NIST SP 800-38B).
 *
 * @param key 16 bytes.
 * @returns 16 bytes.
 * @throws SGX_STRUCTURE_INVALID for a key of another length.
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== blockBytes) {
    throw new EnclosError('SGX_STRUCTURE_INVALID', `An AES-128-CMAC key is ${blockBytes} bytes, not ${key.length}.`);
  }
  const k1 = double(encryptBlocks(key, new Uint8Array(blockBytes)));
  return new Uint8Array(encryptBlocks(key, prepare(message, k1)).subarray(-blockBytes));
}

/**
 * REPORT.MAC (SDM vol. 3D, EREPORT): CMAC over the encoded report body.
 *
 * @param reportKey 16 bytes, the REPORT key of the target.
 * @param body 384 bytes.
 * @throws SGX_STRUCTURE_INVALID for another length of either.
 */
export function reportMac(reportKey: Uint8Array, body: Uint8Array): Uint8Array {
  if (body.length !== 384) {
    throw new EnclosError('SGX_STRUCTURE_INVALID', `A REPORT body is 384 bytes, not ${body.length}.`);
  }
  return aesCmac(reportKey, body);
}
