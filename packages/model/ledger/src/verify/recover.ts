import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { LedgerDigests } from '../digests.ts';
import { publicWrites } from '../entry/entry.ts';
import { LedgerSecrets, type StoredRecord } from '../secrets/ledger-secrets.ts';
import { readSecretRecord } from '../secrets/records.ts';
import { openShare } from '../shares/member-key.ts';
import { readRecoveryShares, type RecoveryShares } from '../shares/records.ts';
import { combineShares, readShare, type Share } from '../shares/share.ts';
import { unwrapLedgerSecret } from '../shares/wrapping.ts';
import { readLedger } from './entries.ts';
import type { LedgerFile } from './files.ts';

const shares = 'public:ccf.internal.recovery_shares';
const secrets = 'public:ccf.internal.historical_encrypted_ledger_secret';
const config = 'public:ccf.gov.service.config';
const names: ReadonlySet<string> = new Set([shares, secrets, config]);
const mostConfigBytes = 65_536;

/** What opens the private parts of a ledger. */
export type RecoveryKeys =
  /** Private encryption keys of so many members as the recovery threshold says, or of one owner, PEM. */
  | { readonly members: readonly string[] }
  /** The latest ledger secret, 32 bytes. */
  | { readonly latestSecret: Uint8Array };

/**
 * The secrets of a ledger, as its members recover them: their shares give the latest one, and each record of a rekey the one
 * before. The files are read once; nothing in them is verified here.
 *
 * @throws LEDGER_SECRET_WRONG for keys that do not open it; LEDGER_INVALID.
 * @example const secrets = await recoverLedgerSecrets(files, { members: [pem] }, nodeDigests);
 */
export async function recoverLedgerSecrets(
  files: readonly LedgerFile[],
  keys: RecoveryKeys,
  digests: LedgerDigests,
): Promise<LedgerSecrets> {
  const records: StoredRecord[] = [];
  let issue: RecoveryShares | undefined;
  let threshold: number | undefined;
  for await (const { entry } of readLedger(files)) {
    for (const { name, writes } of publicWrites(entry, names)) {
      for (const [, value] of writes) {
        if (name === shares) issue = readRecoveryShares(value);
        else if (name === config) threshold = thresholdIn(value);
        else records.push({ seqno: entry.seqno, record: readSecretRecord(value) });
      }
    }
  }
  if ('latestSecret' in keys) return LedgerSecrets.recover(digests, keys.latestSecret, records);
  if (issue === undefined) {
    throw new EnclosError(
      'LEDGER_UNAVAILABLE',
      "The ledger holds no recovery shares, so no member's key opens it. Give the ledger secret itself.",
    );
  }
  const opened = await openShares(keys.members, issue);
  try {
    const latest = unwrapLedgerSecret(digests, combineShares(opened), issue.wrappedLatestSecret);
    return LedgerSecrets.recover(digests, latest, records);
  } catch (error) {
    const isTooFew = threshold !== undefined && opened.length < threshold;
    if (!isEnclosError(error, 'LEDGER_SECRET_WRONG') || !isTooFew) throw error;
    const given = opened.length === 1 ? '1 recovery share' : `${opened.length} recovery shares`;
    const message = `The keys open ${given} of the ledger, and its recovery threshold is ${threshold}: give the keys of more members.`;
    throw new EnclosError('LEDGER_SECRET_WRONG', message, { cause: error });
  }
}

/** For a message only. */
function thresholdIn(settings: Uint8Array): number | undefined {
  try {
    const value = parseJsonBytes(settings, mostConfigBytes, { maxValues: 1_000, maxDepth: 8 });
    const threshold = isJsonObject(value) ? value['recovery_threshold'] : undefined;
    return typeof threshold === 'number' ? threshold : undefined;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

/** The shares that the keys open. A ledger does not say whose key is whose, so that each is tried on each. */
async function openShares(keys: readonly string[], { encryptedShares }: RecoveryShares): Promise<readonly Share[]> {
  const opened = new Map<number, Share>();
  for (const pem of keys) {
    for (const encrypted of encryptedShares.values()) {
      try {
        const share = readShare(await openShare(pem, encrypted));
        opened.set(share.x, share);
      } catch (error) {
        if (!isEnclosError(error, 'LEDGER_SECRET_WRONG')) throw error;
      }
    }
  }
  if (opened.size === 0 && keys.length > 0) {
    throw new EnclosError(
      'LEDGER_SECRET_WRONG',
      'No key opens a recovery share of the ledger: these are not the encryption keys of its members.',
    );
  }
  return [...opened.values()];
}
