import { EnclosError } from '@enclos/errors';
import { answered, storeCall, type StoreFunctions } from '@enclos/service/store';
import type { Protection } from '@enclos/service/state';

export interface KeptRecordOptions {
  readonly store: Pick<StoreFunctions, 'storeRead' | 'storeWrite'>;
  readonly protection: Protection;
  /** Letters, digits, slashes and dots. */
  readonly key: string;
  /** What the record is about: it opens for nothing else. */
  readonly subject: string;
}

/**
 * A few bytes that outlive the enclave, sealed, in the store of its host. The host can bring back an older one, or keep it back: what is
 * read is something that this service wrote once.
 */
export class KeptRecord {
  readonly #options: KeptRecordOptions;

  constructor(options: KeptRecordOptions) {
    this.#options = options;
  }

  /**
   * @returns undefined where nothing was written
   * @throws SERVICE_STORE_UNAVAILABLE; SERVICE_STATE_INVALID for a record that was not written here
   */
  async read(): Promise<Uint8Array | undefined> {
    const { protection } = this.#options;
    const row = await this.#row();
    return row === undefined ? undefined : (await protection.open(row.bytes, this.#place)).record;
  }

  /** @throws SERVICE_STORE_UNAVAILABLE */
  async write(record: Uint8Array): Promise<void> {
    const { store, protection, key } = this.#options;
    const bytes = await protection.protect(record, this.#place);
    const { version } = (await this.#row()) ?? { version: 0n };
    // This service alone writes here: another writer is a store that answers at random.
    if (!(await answered(store.storeWrite({ key, version, bytes }, storeCall)))) {
      throw new EnclosError('SERVICE_STORE_UNAVAILABLE');
    }
  }

  async #row(): Promise<Awaited<ReturnType<StoreFunctions['storeRead']>>> {
    const { store, key } = this.#options;
    return answered(store.storeRead({ key }, storeCall));
  }

  get #place(): { readonly key: string; readonly issuer: string } {
    const { key, subject } = this.#options;
    return { key, issuer: subject };
  }
}
