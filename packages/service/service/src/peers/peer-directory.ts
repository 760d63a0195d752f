import { randomBytes } from 'node:crypto';
import { SharedWork } from '@enclos/bounded';
import { equalBytes, toBase64url } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../errors.ts';
import { answered, issuerKey, keysIn } from '../store/store-functions.ts';
import { storeCall, type StoreFunctions } from '../store/store-interface.ts';
import { maximumCertificateBytes, refusePeer, type AppraiseCertificate } from './appraisal.ts';
import { peerKey } from './peer-key.ts';
import type { PublishedKey } from './published-key.ts';
import { readSelfSignedCertificate } from './self-signed-certificate.ts';

export interface PeerDirectoryOptions {
  readonly store: StoreFunctions;
  /** The tenant's. */
  readonly issuer: string;
  readonly configurationDigest: string;
  /** The name of this replica: see `newReplicaName`. */
  readonly replica: string;
  /** One that remembers. */
  readonly appraise: AppraiseCertificate;
  /** The key id that a signer gives the key of this SubjectPublicKeyInfo. */
  readonly keyIdOf: (publicKey: Uint8Array) => string;
  readonly now: () => Date;
  /** How old the list of rows may be: a replica that is new begins to sign at once. Default: 1000. */
  readonly listAgeMs?: number;
  /** How old what a row said may be, and so long a store that does not answer is left alone. Default: 10 000. */
  readonly maximumAgeMs?: number;
  /** Is told of each row that is not a replica's, with the error. */
  readonly onRefused?: (key: string, error: unknown) => void;
}

/** Rows that are looked at for one list, and keys in it. More are left out, the new ones first. */
const maximum = Object.freeze({ rows: 128, keys: 64 });
/** Clocks of hosts differ, and clients ask a little later. */
const toleranceMs = 3_600_000;
const maximumTries = 4;
const namePattern = '[A-Za-z0-9_-]{1,86}';

/** The name of a replica for its life. */
export const newReplicaName = (): string => toBase64url(new Uint8Array(randomBytes(16)));

/** Which keys the replicas of a tenant sign with: each puts its certificates into the store, and appraises those of the others. */
export class PeerDirectory {
  readonly #options: PeerDirectoryOptions;
  readonly #prefix: string;
  readonly #rowPattern: RegExp;
  /** Peers' keys by row, the last time the store was read. */
  #known: ReadonlyMap<string, ListedKey> = new Map();
  /** What the rows of the last list said, and when. */
  #looks: ReadonlyMap<string, Look> = new Map();
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** So long after that the list is not read again. */
  #restMs = 0;
  readonly #reading = new SharedWork<void>();
  /** Rows of this replica. */
  readonly #own = new Set<string>();

  constructor(options: PeerDirectoryOptions) {
    this.#options = options;
    this.#prefix = `keys/${issuerKey(options.issuer)}/`;
    this.#rowPattern = new RegExp(`^${this.#prefix}(${namePattern})/(${namePattern})$`);
  }

  /**
   * Makes the store hold these keys of this replica and no others. Call it with every change of them, and now and then: a
   * store may have lost them.
   * @throws SERVICE_STORE_UNAVAILABLE
   */
  async publish(keys: readonly PublishedKey[]): Promise<void> {
    const wanted = new Map(keys.map((key) => [this.#rowOf(key.kid), certificateOf(key)]));
    for (const [row, certificate] of wanted) {
      this.#own.add(row);
      await this.#put(row, certificate);
    }
    for (const row of this.#own) {
      if (wanted.has(row)) continue;
      const found = await this.#read(row);
      if (found !== undefined) await this.#remove(row, found.version);
      this.#own.delete(row);
    }
  }

  /**
   * Keys of other replicas, appraised. Without an answer of the store those of the last one, for as long as their
   * certificates say: `/certs` does not depend on it.
   */
  async peers(): Promise<readonly PublishedKey[]> {
    const ageMs = this.#nowMs() - this.#readAtMs;
    if (!(ageMs >= 0 && ageMs < this.#restMs)) {
      await this.#reading.join(() => this.#refresh());
    }
    const nowMs = this.#nowMs();
    return [...this.#known.values()]
      .filter(({ notAfterMs }) => nowMs <= notAfterMs + toleranceMs)
      .map(({ key }) => key);
  }

  async #refresh(): Promise<void> {
    const atMs = this.#nowMs();
    const known = new Map<string, ListedKey>();
    const looks = new Map<string, Look>();
    try {
      for (const row of await this.#rows()) {
        if (known.size === maximum.keys) break;
        const look = this.#recentLook(row, atMs) ?? { atMs, listed: await this.#look(row) };
        looks.set(row, look);
        if (look.listed !== undefined) known.set(row, look.listed);
      }
    } catch (error) {
      if (!isEnclosError(error, 'SERVICE_STORE_UNAVAILABLE')) throw error;
      // Counted from the end: not each call should wait for a store that hangs.
      this.#rest(this.#nowMs(), this.#options.maximumAgeMs ?? 10_000);
      return;
    }
    this.#known = known;
    this.#looks = looks;
    this.#rest(atMs, this.#options.listAgeMs ?? 1000);
  }

  #rest(sinceMs: number, forMs: number): void {
    this.#readAtMs = sinceMs;
    this.#restMs = forMs;
  }

  #recentLook(row: string, nowMs: number): Look | undefined {
    const look = this.#looks.get(row);
    const ageMs = nowMs - (look?.atMs ?? Number.NaN);
    return ageMs >= 0 && ageMs < (this.#options.maximumAgeMs ?? 10_000) ? look : undefined;
  }

  /** Rows of peers, those that were good the last time first, so that no flood of others hides them. */
  async #rows(): Promise<readonly string[]> {
    const text = await answered(this.#options.store.storeKeys({ prefix: this.#prefix }, storeCall));
    const own = `${this.#prefix}${this.#options.replica}/`;
    const rows = keysIn(text).filter((row) => this.#rowPattern.test(row) && !row.startsWith(own));
    const ordered = [...rows.filter((row) => this.#known.has(row)), ...rows.filter((row) => !this.#known.has(row))];
    return [...new Set(ordered)].slice(0, maximum.rows);
  }

  /** @returns nothing for a row that is not a peer's, or not now. */
  async #look(row: string): Promise<ListedKey | undefined> {
    const found = await this.#read(row);
    if (found === undefined) return undefined;
    try {
      if (found.bytes.length > maximumCertificateBytes) refusePeer('size');
      const { notAfterMs } = readSelfSignedCertificate(found.bytes);
      if (this.#nowMs() > notAfterMs + toleranceMs) {
        await this.#remove(row, found.version);
        return undefined;
      }
      return { key: await this.#appraised(row, found.bytes), notAfterMs };
    } catch (error) {
      if (isEnclosError(error, 'SERVICE_STORE_UNAVAILABLE')) throw error;
      this.#options.onRefused?.(row, error);
      return undefined;
    }
  }

  async #appraised(row: string, certificate: Uint8Array): Promise<PublishedKey> {
    const { issuer, configurationDigest, appraise, keyIdOf } = this.#options;
    const appraised = await appraise(certificate);
    if (appraised.issuer !== issuer) refusePeer('issuer');
    if (appraised.configuration !== configurationDigest) refusePeer('configuration');
    if (this.#nowMs() < appraised.notBeforeMs - toleranceMs) refusePeer('validity');
    const kid = keyIdOf(appraised.publicKey);
    // Another key id would make clients look for the key in vain, or find another one in its place.
    if (!row.endsWith(`/${kid}`)) refusePeer('key');
    return peerKey(kid, certificate, appraised);
  }

  async #put(row: string, certificate: Uint8Array): Promise<void> {
    for (let left = maximumTries; left > 0; left--) {
      const found = await this.#read(row);
      if (found !== undefined && equalBytes(found.bytes, certificate)) return;
      const version = found?.version ?? 0n;
      if (await answered(this.#options.store.storeWrite({ key: row, version, bytes: certificate }, storeCall))) return;
    }
    throw new EnclosError('SERVICE_STORE_UNAVAILABLE', 'The store does not take the certificate of a key.');
  }

  #read(key: string): ReturnType<StoreFunctions['storeRead']> {
    return answered(this.#options.store.storeRead({ key }, storeCall));
  }

  async #remove(key: string, version: bigint): Promise<void> {
    await answered(this.#options.store.storeRemove({ key, version }, storeCall));
  }

  #rowOf(kid: string): string {
    const row = `${this.#prefix}${this.#options.replica}/${kid}`;
    if (this.#rowPattern.test(row)) return row;
    throw new EnclosError(
      'SERVICE_STORE_REFUSED',
      'The name of a replica or of a key cannot stand in a key of the store.',
    );
  }

  #nowMs(): number {
    return this.#options.now().getTime();
  }
}

interface ListedKey {
  readonly key: PublishedKey;
  readonly notAfterMs: number;
}

interface Look {
  readonly atMs: number;
  readonly listed: ListedKey | undefined;
}

function certificateOf({ x5c: [first = ''] }: PublishedKey): Uint8Array {
  return new Uint8Array(Buffer.from(first, 'base64'));
}
