import { decodeUtf8 } from '@enclos/codec/text';
import {
  combineShares,
  LedgerSecrets,
  openShare,
  publicWrites,
  readRecoveryShares,
  readSecretRecord,
  readShare,
  unwrapLedgerSecret,
  type LedgerEntry,
  type RecoveryShares,
  type Share,
  type StoredRecord,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { readSample, sampleEntries, sampleNames } from './samples.ts';

const sharesMap = 'public:ccf.internal.recovery_shares';
const secretMap = 'public:ccf.internal.historical_encrypted_ledger_secret';

/** All values that were written to a map with one key. */
export function valuesOf(
  entries: readonly LedgerEntry[],
  name: string,
): readonly { seqno: number; value: Uint8Array }[] {
  return entries.flatMap((entry) =>
    publicWrites(entry, new Set([name])).flatMap(({ writes }) =>
      writes.map(([, value]) => ({ seqno: entry.seqno, value })),
    ),
  );
}

/** The last issue of shares of a service. */
export function recoveryShares(entries: readonly LedgerEntry[]): RecoveryShares {
  return readRecoveryShares(valuesOf(entries, sharesMap).at(-1)?.value ?? new Uint8Array(0));
}

/** Every record of a ledger secret. */
function secretRecords(entries: readonly LedgerEntry[]): readonly StoredRecord[] {
  return valuesOf(entries, secretMap).map(({ seqno, value }) => ({ seqno, record: readSecretRecord(value) }));
}

/** The shares of all members, each opened by whichever private key opens it. */
export async function memberShares(service: string, { encryptedShares }: RecoveryShares): Promise<readonly Share[]> {
  const keys = sampleNames(service, 'common').filter((name) => name.endsWith('_enc_privk.pem'));
  const shares: Share[] = [];
  for (const name of keys) {
    const pem = decodeUtf8(readSample(service, `common/${name}`));
    const tried = await Promise.allSettled([...encryptedShares.values()].map((share) => openShare(pem, share)));
    const opened = tried.find((outcome) => outcome.status === 'fulfilled');
    if (opened !== undefined) shares.push(readShare(opened.value));
  }
  return shares;
}

/** The ledger secrets of a service, recovered as its members would. */
export async function sampleSecrets(service: string, entries = sampleEntries(service)): Promise<LedgerSecrets> {
  const issue = recoveryShares(entries);
  const secret = combineShares(await memberShares(service, issue));
  const latest = unwrapLedgerSecret(nodeDigests, secret, issue.wrappedLatestSecret);
  return LedgerSecrets.recover(nodeDigests, latest, secretRecords(entries));
}
