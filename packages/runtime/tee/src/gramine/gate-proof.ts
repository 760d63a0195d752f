import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { concatBytes, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/**
 * The first bytes of a gate over TCP. Both ends know the same token, and neither sends it:
 *
 *     host     "ENCLGTE1" 8 | nonce 32
 *     enclave  nonce 32 | HMAC-SHA256(token, "enclave" | both nonces) 32
 *     host     HMAC-SHA256(token, "host" | both nonces) 32
 *
 * Both nonces are in both proofs, and each proof names its end, so no proof can be replayed or reflected. Nothing is encrypted:
 * the host sees the whole gate anyway, and other users of the machine can neither read nor write a loopback connection between
 * two other processes.
 */
const magic = utf8('ENCLGTE1');
const nonceBytes = 32;
const proofBytes = 32;

export const GateMessageBytes = Object.freeze({
  challenge: magic.length + nonceBytes,
  answer: nonceBytes + proofBytes,
  confirmation: proofBytes,
});

function proof(
  token: Uint8Array,
  end: 'enclave' | 'host',
  hostNonce: Uint8Array,
  enclaveNonce: Uint8Array,
): Uint8Array {
  const text = concatBytes(utf8(`enclos gate 1 ${end}`), Uint8Array.of(0), hostNonce, enclaveNonce);
  return new Uint8Array(createHmac('sha256', token).update(text).digest());
}

function requireProof(found: Uint8Array, expected: Uint8Array): void {
  if (found.length === expected.length && timingSafeEqual(found, expected)) return;
  throw new EnclosError('TEE_GATE_REFUSED');
}

const freshNonce = (): Uint8Array => new Uint8Array(randomBytes(nonceBytes));

/** The host's end of one connection. */
export interface HostProof {
  /** What the host sends first. */
  readonly challenge: Uint8Array;
  /** @returns the confirmation to send. @throws TEE_GATE_REFUSED */
  readonly accept: (answer: Uint8Array) => Uint8Array;
}

export function createHostProof(token: Uint8Array): HostProof {
  const hostNonce = freshNonce();
  return Object.freeze({
    challenge: concatBytes(magic, hostNonce),
    accept(answer: Uint8Array) {
      const enclaveNonce = answer.subarray(0, nonceBytes);
      requireProof(answer.subarray(nonceBytes), proof(token, 'enclave', hostNonce, enclaveNonce));
      return proof(token, 'host', hostNonce, enclaveNonce);
    },
  });
}

/** The enclave's end of one connection. */
export interface EnclaveProof {
  readonly answer: Uint8Array;
  /** @throws TEE_GATE_REFUSED */
  readonly confirm: (confirmation: Uint8Array) => void;
}

/** @throws TEE_PROTOCOL_MISMATCH when the challenge is not that of a gate. */
export function createEnclaveProof(token: Uint8Array, challenge: Uint8Array): EnclaveProof {
  if (challenge.length !== GateMessageBytes.challenge || !equalBytes(challenge.subarray(0, magic.length), magic)) {
    throw new EnclosError('TEE_PROTOCOL_MISMATCH', 'What listens is not the gate of a host.');
  }
  const hostNonce = challenge.subarray(magic.length);
  const enclaveNonce = freshNonce();
  return Object.freeze({
    answer: concatBytes(enclaveNonce, proof(token, 'enclave', hostNonce, enclaveNonce)),
    confirm: (confirmation: Uint8Array) => requireProof(confirmation, proof(token, 'host', hostNonce, enclaveNonce)),
  });
}
