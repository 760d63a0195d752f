import { toBase64, utf8 } from '@enclos/codec';
import {
  integer,
  isJsonObject,
  JsonRecord,
  parseJsonBytes,
  type JsonObject,
  type JsonRule,
  type JsonValue,
} from '@enclos/codec/json';
import { base64 } from '../secrets/records.ts';
import { within } from '../within.ts';

/** The value of `public:ccf.internal.recovery_shares` (CCF, include/ccf/service/tables/shares.h). */
export interface RecoveryShares {
  /** The latest ledger secret, 60 bytes: see `unwrapLedgerSecret`. */
  readonly wrappedLatestSecret: Uint8Array;
  /** By the identifier of the member: its share, for `openShare`. */
  readonly encryptedShares: ReadonlyMap<string, Uint8Array>;
  /** The seqno of the record that holds the ledger secret before the latest. */
  readonly storedVersion?: number;
}

const maxBytes = 2 ** 20;
/** RSA keys have up to 16,384 bits. */
const maxShareBytes = 2048;

const shares: JsonRule<ReadonlyMap<string, Uint8Array>> = {
  expected: 'an object of shares in base64',
  read(value) {
    if (!isJsonObject(value as JsonValue)) return undefined;
    const rule = base64(maxShareBytes);
    const entries = Object.entries(value as JsonObject).map(([member, share]) => [member, rule.read(share)] as const);
    const whole = entries.filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined);
    return whole.length === entries.length ? new Map(whole) : undefined;
  },
};

/** @throws LEDGER_INVALID for a value of another form. */
export function readRecoveryShares(value: Uint8Array): RecoveryShares {
  return within('The recovery shares', () => {
    const record = new JsonRecord(parseJsonBytes(value, maxBytes), 'shares');
    const storedVersion = record.optional('previous_secret_stored_version', integer(0, Number.MAX_SAFE_INTEGER));
    return {
      wrappedLatestSecret: record.required('wrapped_latest_ledger_secret', base64(1024)),
      encryptedShares: record.required('encrypted_shares', shares),
      ...(storedVersion === undefined ? {} : { storedVersion }),
    };
  });
}

/** The bytes of the value, as CCF writes them. */
export function encodeRecoveryShares({
  wrappedLatestSecret,
  encryptedShares,
  storedVersion,
}: RecoveryShares): Uint8Array {
  const byMember = [...encryptedShares].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return utf8(
    JSON.stringify({
      encrypted_shares: Object.fromEntries(byMember.map(([member, share]) => [member, toBase64(share)])),
      previous_secret_stored_version: storedVersion,
      wrapped_latest_ledger_secret: toBase64(wrappedLatestSecret),
    }),
  );
}
