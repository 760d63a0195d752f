import { isDeepStrictEqual } from 'node:util';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  combineShares,
  encodeRecoveryShares,
  encodeSecretRecord,
  encodeShare,
  makeShares,
  readRecoveryShares,
  readSecretRecord,
  readShare,
  unwrapLedgerSecret,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';

const { shares } = makeShares({ threshold: 2, count: 2 }, (length) => new Uint8Array(length).fill(3));
const [other] = shares;

export const seeds: readonly Uint8Array[] = [
  ...shares.map(encodeShare),
  encodeRecoveryShares({
    wrappedLatestSecret: new Uint8Array(60),
    encryptedShares: new Map([['member', new Uint8Array(16)]]),
    storedVersion: 3,
  }),
  encodeSecretRecord({ nextVersion: 2, previous: { encrypted: new Uint8Array(60), version: 1, storedVersion: 1 } }),
  utf8('{}'),
];

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const refusals = ['LEDGER_INVALID', 'LEDGER_SHARE_INVALID', 'LEDGER_SECRET_WRONG'] as const;
    if (refusals.some((code) => isEnclosError(error, code))) return undefined;
    throw error;
  }
}

/** Reads, and requires that what was read comes back from its own encoding. */
function comesBack<T>(
  data: Uint8Array,
  read: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): T | undefined {
  const value = unlessRefused(() => read(data));
  if (value !== undefined && !isDeepStrictEqual(read(encode(value)), value)) {
    throw new Error(`${read.name}: what was read does not come back.`);
  }
  return value;
}

/** Any bytes are a share, or a record of shares or of a secret, or are refused. */
export function fuzz(data: Uint8Array): void {
  const share = comesBack(data, readShare, encodeShare);
  if (share !== undefined && other !== undefined) unlessRefused(() => combineShares([share, other]));
  const issue = comesBack(data, readRecoveryShares, encodeRecoveryShares);
  if (issue !== undefined) {
    unlessRefused(() => unwrapLedgerSecret(nodeDigests, { x: 0, y: [] }, issue.wrappedLatestSecret));
  }
  comesBack(data, readSecretRecord, encodeSecretRecord);
}
