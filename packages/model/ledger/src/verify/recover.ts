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
const names: ReadonlySet<string> = new Set([shares, secrets]);

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
  for await (const { entry } of readLedger(files)) {
    for (const { name, writes } of publicWrites(entry, names)) {
      for (const [, value] of writes) {
        if (name === shares) issue = readRecoveryShares(value);
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
  const latest = unwrapLedgerSecret(digests, combineShares(opened), issue.wrappedLatestSecret);
  return LedgerSecrets.recover(digests, latest, records);
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
  return [...opened.values()];
}
