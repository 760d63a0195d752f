import { ByteReader, ByteWriter, fromHex, toHex } from '@enclos/codec';
import { verifyCatalogue, type Catalogue, type CataloguePin, type KnownCatalogue } from '@enclos/inference-models';
import type { KeptRecord } from '../keys/kept-record.ts';

export interface CatalogueKeeperOptions {
  readonly pin: CataloguePin;
  /** What the host has now; empty for none. */
  readonly read: () => Promise<string>;
  /** Where the newest version that was taken outlives the enclave. */
  readonly kept: KeptRecord;
}

/**
 * The catalogue of models, from the host. One that is older than the floor in the measured manifest, than one that this enclave took, or
 * than one that an earlier enclave on this machine took and sealed, is refused. A host that brings back an older store, too, is noticed by
 * clients alone: the version stands in the report.
 */
export class CatalogueKeeper {
  readonly #options: CatalogueKeeperOptions;
  #current: Catalogue | undefined;
  #known: KnownCatalogue | undefined;
  #isKnownRead = false;
  /** The text that was judged last: most of the time the host has nothing new. */
  #judged = '';

  constructor(options: CatalogueKeeperOptions) {
    this.#options = options;
  }

  get current(): Catalogue | undefined {
    return this.#current;
  }

  /**
   * Takes what the host has, if it is newer.
   *
   * @throws MODEL_CATALOGUE_INVALID, MODEL_CATALOGUE_OLD, SERVICE_STORE_UNAVAILABLE or SERVICE_STATE_INVALID. The former catalogue
   * counts then.
   */
  async refresh(): Promise<void> {
    const { read, pin } = this.#options;
    const text = await read();
    if (text === '' || text === this.#judged) return;
    const known = await this.#newestKnown();
    const catalogue = await verifyCatalogue(text, { pin, known });
    // Before it counts: an enclave that starts later must know of it.
    if (catalogue.version !== known?.version) await this.#options.kept.write(encodeKnown(catalogue));
    [this.#judged, this.#current, this.#known] = [text, catalogue, catalogue];
  }

  async #newestKnown(): Promise<KnownCatalogue | undefined> {
    if (!this.#isKnownRead) {
      const record = await this.#options.kept.read();
      this.#known = record === undefined ? undefined : decodeKnown(record);
      this.#isKnownRead = true;
    }
    return this.#known;
  }
}

function encodeKnown({ version, digest }: KnownCatalogue): Uint8Array {
  return new ByteWriter().u64(BigInt(version)).bytes(fromHex(digest)).finish();
}

/** This service sealed the record, so it is whole. */
function decodeKnown(record: Uint8Array): KnownCatalogue {
  const reader = new ByteReader(record);
  const version = Number(reader.u64());
  return { version, digest: toHex(reader.bytes(32)) };
}
