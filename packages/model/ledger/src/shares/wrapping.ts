import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { gcmIvBytes, type GcmKey, type LedgerDigests } from '../digests.ts';
import { openBytes, sealBytes } from '../secrets/gcm-bytes.ts';
import { secretBytes, type LedgerSecret } from '../secrets/ledger-secret.ts';
import { encodeShare, type Share } from './share.ts';

/**
 * The key under which the latest ledger secret is wrapped: HKDF-SHA256 (RFC 5869) of the secret's 40 bytes, without salt. CCF
 * gives the same bytes as `info`, and not the label that it declares (src/node/share_manager.h).
 */
function wrappingKey(digests: LedgerDigests, secret: Share): GcmKey {
  const material = encodeShare(secret).subarray(4);
  const extracted = digests.hmacSha256(new Uint8Array(32))(material);
  return digests.aes256Gcm(digests.hmacSha256(extracted)(concatBytes(material, Uint8Array.of(1))));
}

/** `tag | iv | ciphertext`, 60 bytes. The IV is zero, since a wrapping key wraps once. @param secret Of `makeShares`. */
export function wrapLedgerSecret(digests: LedgerDigests, secret: Share, ledgerSecret: LedgerSecret): Uint8Array {
  return sealBytes(wrappingKey(digests, secret), new Uint8Array(gcmIvBytes), ledgerSecret.reveal());
}

/**
 * The latest ledger secret: 32 bytes.
 *
 * @param secret Of `combineShares`.
 * @throws LEDGER_SECRET_WRONG when it does not open: a share is wrong, or of another issue, or there are too few.
 * @example unwrapLedgerSecret(nodeDigests, combineShares(shares), wrapped)
 */
export function unwrapLedgerSecret(digests: LedgerDigests, secret: Share, wrapped: Uint8Array): Uint8Array {
  const opened = openBytes(wrappingKey(digests, secret), wrapped);
  if (opened?.length === secretBytes) return opened;
  throw new EnclosError(
    'LEDGER_SECRET_WRONG',
    'The shares do not open the latest ledger secret: they are fewer than the recovery threshold, or not of its latest issue.',
  );
}
