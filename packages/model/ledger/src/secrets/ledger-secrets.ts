import { EnclosError } from '@enclos/errors';
import type { LedgerDigests } from '../digests.ts';
import { openBytes, sealBytes } from './gcm-bytes.ts';
import { LedgerSecret, secretBytes } from './ledger-secret.ts';
import type { SecretRecord } from './records.ts';

/** A record of a ledger secret, and the seqno of the transaction that wrote it. */
export interface StoredRecord {
  readonly seqno: number;
  readonly record: SecretRecord;
}

/** A secret, the seqno from which it holds, and that of the record which holds the one before it. */
interface VersionedSecret {
  readonly from: number;
  readonly secret: LedgerSecret;
  readonly storedVersion?: number;
}

/**
 * The secrets of a ledger, each from the seqno on from which it holds.
 *
 * @example LedgerSecrets.recover(nodeDigests, latest, records).at(seqno).key
 */
export class LedgerSecrets {
  /** Ascending by seqno, and never empty. */
  #list: readonly VersionedSecret[];

  private constructor(list: readonly VersionedSecret[]) {
    this.#list = list;
  }

  /** Those of a new ledger: one secret from seqno `from` on. */
  static begin(secret: LedgerSecret, from = 1): LedgerSecrets {
    return new LedgerSecrets([{ from, secret }]);
  }

  /**
   * All secrets of a ledger, from its last one (CCF, src/node/share_manager.h).
   *
   * @param latest 32 bytes, as `unwrapLedgerSecret` gives them.
   * @param records All of the ledger, in its order.
   * @throws LEDGER_SECRET_WRONG when a record does not open under the secret after it, or there is no record.
   */
  static recover(digests: LedgerDigests, latest: Uint8Array, records: readonly StoredRecord[]): LedgerSecrets {
    const last = records.at(-1);
    if (last === undefined) throw wrong('The ledger holds no record of a ledger secret.');
    const stored = last.record.previous === undefined ? {} : { storedVersion: last.seqno };
    const newest = {
      from: last.record.nextVersion ?? last.seqno + 1,
      secret: new LedgerSecret(digests, latest),
      ...stored,
    };
    const list: VersionedSecret[] = [newest];
    let { secret } = newest;
    for (const { seqno, record } of records.toReversed()) {
      if (record.previous === undefined) break;
      const { encrypted, version, storedVersion } = record.previous;
      // CCF before 6.0.0-rc2 wrote the record of a recovery twice when its primary changed in it (issue 6906 of CCF).
      if (version >= (list.at(-1)?.from ?? 0)) continue;
      const bytes = openBytes(secret.key, encrypted);
      if (bytes?.length !== secretBytes) {
        throw wrong(`The ledger secret of version ${version}, in the record at seqno ${seqno}, does not decrypt.`);
      }
      secret = new LedgerSecret(digests, bytes);
      list.push({ from: version, secret, ...(storedVersion === undefined ? {} : { storedVersion }) });
    }
    return new LedgerSecrets(list.toReversed());
  }

  /** The seqnos from which secrets hold. */
  get versions(): readonly number[] {
    return this.#list.map(({ from }) => from);
  }

  get latest(): LedgerSecret {
    return this.#newest.secret;
  }

  /** The secret of a transaction. @throws LEDGER_SECRET_WRONG before the first. */
  at(seqno: number): LedgerSecret {
    const found = this.#list.findLast(({ from }) => from <= seqno);
    if (found === undefined) throw wrong(`There is no ledger secret for seqno ${seqno}.`);
    return found.secret;
  }

  /**
   * The record with which a ledger secret begins: it holds the latest one, under the new one.
   *
   * @param iv 12 random bytes.
   */
  recordFor(next: LedgerSecret, iv: Uint8Array): SecretRecord {
    const { from, secret, storedVersion } = this.#newest;
    const encrypted = sealBytes(next.key, iv, secret.reveal());
    return { previous: { encrypted, version: from, ...(storedVersion === undefined ? {} : { storedVersion }) } };
  }

  /** Goes on with the secret whose record was written at `seqno`: it holds from the next one on. */
  begin(next: LedgerSecret, seqno: number): void {
    if (seqno < this.#newest.from) throw wrong(`A ledger secret holds from seqno ${this.#newest.from} on already.`);
    this.#list = [...this.#list, { from: seqno + 1, secret: next, storedVersion: seqno }];
  }

  /** Forgets the secrets whose records were written above `seqno`: the ledger went back to it. */
  retract(seqno: number): void {
    this.#list = this.#list.filter(({ from }, index) => index === 0 || from <= seqno + 1);
  }

  get #newest(): VersionedSecret {
    const newest = this.#list.at(-1);
    if (newest === undefined) throw wrong('There is no ledger secret.');
    return newest;
  }
}

function wrong(message: string): EnclosError {
  return new EnclosError('LEDGER_SECRET_WRONG', message);
}
