import { fromBase64, toBase64, utf8 } from '@enclos/codec';
import { integer, JsonRecord, meaning, parseJsonBytes, type JsonRule } from '@enclos/codec/json';
import { within } from '../within.ts';

/**
 * The value of `public:ccf.internal.historical_encrypted_ledger_secret` (CCF, include/ccf/service/tables/shares.h): it is written
 * when a ledger secret begins, and holds the one before under it.
 */
export interface SecretRecord {
  /** The seqno from which the new secret holds. A rekey leaves it out, and means the seqno after its own. */
  readonly nextVersion?: number;
  readonly previous?: PreviousSecret;
}

/** A ledger secret, encrypted under the one after it. */
export interface PreviousSecret {
  /** `tag | iv | ciphertext`, 60 bytes. */
  readonly encrypted: Uint8Array;
  /** The seqno from which it holds. */
  readonly version: number;
  /** The seqno of the record that holds the one before it. */
  readonly storedVersion?: number;
}

const maxBytes = 65_536;
const seqno = integer(0, Number.MAX_SAFE_INTEGER);

/** Base64 of at most `bytes` bytes. */
export function base64(bytes: number): JsonRule<Uint8Array> {
  return meaning(`base64 of at most ${bytes} bytes`, (text) => {
    try {
      return fromBase64(text, { maxBytes: bytes });
    } catch {
      return undefined;
    }
  });
}

/** @throws LEDGER_INVALID for a value of another form. */
export function readSecretRecord(value: Uint8Array): SecretRecord {
  return within('The record of a ledger secret', () => {
    const record = new JsonRecord(parseJsonBytes(value, maxBytes), 'record');
    const nextVersion = record.optional('next_version', seqno);
    const next = nextVersion === undefined ? {} : { nextVersion };
    if (!record.has('previous_ledger_secret')) return next;
    const previous = record.record('previous_ledger_secret');
    const storedVersion = previous.optional('previous_secret_stored_version', seqno);
    const stored = storedVersion === undefined ? {} : { storedVersion };
    const encrypted = previous.required('encrypted_data', base64(1024));
    return { ...next, previous: { encrypted, version: previous.required('version', seqno), ...stored } };
  });
}

/** The bytes of a record, as CCF writes them. */
export function encodeSecretRecord({ nextVersion, previous }: SecretRecord): Uint8Array {
  const previousSecret =
    previous === undefined
      ? {}
      : {
          previous_ledger_secret: {
            encrypted_data: toBase64(previous.encrypted),
            previous_secret_stored_version: previous.storedVersion,
            version: previous.version,
          },
        };
  return utf8(JSON.stringify({ next_version: nextVersion, ...previousSecret }));
}
