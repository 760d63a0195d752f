import { SharedWork, Turns } from '@enclos/bounded';
import { equalBytes } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { refuseState } from '../errors.ts';
import type { Protection, RecordPlace } from './protection.ts';
import {
  decodeStateRecord,
  encodeStateRecord,
  maximumAncestors,
  sha256,
  stateDigest,
  type StateRecord,
} from './state-record.ts';
import type { State, StateFloor, StateFormat, StateSnapshot } from './state.ts';
import { answered, issuerKey } from '../store/store-functions.ts';
import { storeCall, type StoreFunctions } from '../store/store-interface.ts';

export interface StateOptions<D> {
  readonly format: StateFormat<D>;
  readonly store: Pick<StoreFunctions, 'storeRead' | 'storeWrite'>;
  readonly protection: Protection;
  readonly issuer: string;
  readonly configurationDigest: string;
  /** The name of this replica, 1 to 64 bytes. */
  readonly replica: string;
  /** The document of epoch 0, which the configuration says. */
  readonly initial: D;
  /** What the configuration says that the state has reached. */
  readonly floor?: StateFloor | undefined;
  /** How old a state may be that `read` gives without asking the store. Default: 1000. */
  readonly maximumAgeMs?: number;
  /** Only differences of it count. */
  readonly nowMs: () => number;
}

/** A state as the store has it. */
interface StoredRecord<D> {
  readonly snapshot: StateSnapshot<D>;
  readonly ancestors: readonly string[];
  /** The number of the row; 0 when there is none. */
  readonly version: bigint;
  /** SHA-256 of the row's bytes, to recognise them; undefined when there is no row. */
  readonly bytesDigest: Uint8Array | undefined;
  /** Nothing for what the configuration says. */
  readonly record: StateRecord<D> | undefined;
}

/** More than there are replicas: of those that write at once, one gets through each time. */
const maximumAttempts = 32;

/** @throws SERVICE_STATE_INVALID, also for a state that is not that of the floor; SERVICE_STORE_UNAVAILABLE. */
export async function openState<D>(options: StateOptions<D>): Promise<StoredState<D>> {
  const state = new StoredState(options);
  await state.read({ fresh: true });
  return state;
}

/**
 * A state in an untrusted store. What was seen once is the least that is taken from then on, and
 * what comes later must descend from it. A store that answers otherwise is refused, and changes nothing here.
 */
export class StoredState<D> implements State<D> {
  readonly #options: StateOptions<D>;
  readonly #place: RecordPlace;
  readonly #genesis: StoredRecord<D>;
  /** The newest state of which this replica knows. */
  #seen: StateFloor;
  #current: StoredRecord<D> | undefined;
  #currentAtMs = Number.NEGATIVE_INFINITY;
  /** One call of the store at a time: of two, the earlier question could have the later answer, which then looks older. */
  readonly #turns = new Turns();
  readonly #reading = new SharedWork<StateSnapshot<D>>();

  constructor(options: StateOptions<D>) {
    this.#options = options;
    const { issuer, floor } = options;
    this.#place = Object.freeze({ key: `state/${issuerKey(issuer)}`, issuer });
    this.#genesis = genesisOf(options);
    this.#seen = floor ?? this.#genesis.snapshot;
  }

  read({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<StateSnapshot<D>> {
    if (fresh) return this.#turns.take(async () => (await this.#load()).snapshot);
    const current = this.#recent();
    if (current !== undefined) return Promise.resolve(current);
    return this.#reading.join(() => this.#turns.take(async () => this.#recent() ?? (await this.#load()).snapshot));
  }

  update(change: (document: D) => D): Promise<StateSnapshot<D>> {
    return this.#turns.take(async () => {
      for (let attempt = 0; attempt < maximumAttempts; attempt++) {
        const loaded = await this.#load();
        const document = change(loaded.snapshot.document);
        if (document === loaded.snapshot.document) return loaded.snapshot;
        const written = await this.#write(this.#successor(loaded, document), loaded.version);
        if (written !== undefined) return written;
      }
      throw new EnclosError('SERVICE_STATE_BUSY');
    });
  }

  /**
   * Protects the newest state anew, by this replica and its present version, when another one wrote it: for when the service
   * or its platform was updated, so that no old evidence or seal is needed to read it. Epoch and digest stay.
   */
  renew(): Promise<void> {
    return this.#turns.take(async () => {
      const { record, version } = await this.#load();
      const { replica, configurationDigest } = this.#options;
      if (record === undefined || record.writer === replica) return;
      // A state of an earlier configuration is of this one after the next change, and not before.
      if (record.configurationDigest !== configurationDigest) return;
      await this.#write({ ...record, writer: replica }, version);
    });
  }

  #recent(): StateSnapshot<D> | undefined {
    const ageMs = this.#options.nowMs() - this.#currentAtMs;
    return ageMs >= 0 && ageMs < (this.#options.maximumAgeMs ?? 1000) ? this.#current?.snapshot : undefined;
  }

  /** What the store has now, if it can be believed. */
  async #load(): Promise<StoredRecord<D>> {
    const atMs = this.#options.nowMs();
    const row = await answered(this.#options.store.storeRead({ key: this.#place.key }, storeCall));
    const loaded = row === undefined ? this.#genesis : await this.#open(row);
    if (row === undefined && this.#seen.epoch > 0) refuseState('lost');
    checkDescent(loaded, this.#seen);
    this.#accept(loaded, atMs);
    return loaded;
  }

  #accept(loaded: StoredRecord<D>, atMs: number): void {
    this.#seen = { epoch: loaded.snapshot.epoch, digest: loaded.snapshot.digest };
    this.#current = loaded;
    this.#currentAtMs = atMs;
  }

  async #open({ version, bytes }: { readonly version: bigint; readonly bytes: Uint8Array }): Promise<StoredRecord<D>> {
    const bytesDigest = sha256(bytes);
    const current = this.#current;
    // The same bytes were opened and believed before. Opening takes keys of the platform, or a signature.
    if (current?.bytesDigest !== undefined && equalBytes(current.bytesDigest, bytesDigest)) {
      return { ...current, version };
    }
    const opened = await this.#options.protection.open(bytes, this.#place);
    const record = readRecord(opened.record, this.#options.format);
    if (record.issuer !== this.#options.issuer) refuseState('tenant');
    const proven = opened.configurationDigest;
    if (proven !== undefined && proven !== record.configurationDigest) refuseState('configuration');
    const loaded = storedRecord(record, { version, bytesDigest }, this.#options.format);
    this.#checkConfiguration(record, loaded.snapshot);
    return loaded;
  }

  /**
   * The operator who starts the service chooses its configuration, so a state that was written under another configuration
   * proves nothing. It is taken over when the present configuration, which clients can pin, names this very state.
   */
  #checkConfiguration(record: StateRecord<D>, { epoch, digest }: StateSnapshot<D>): void {
    const { configurationDigest, floor } = this.#options;
    if (record.configurationDigest === configurationDigest) return;
    if (floor?.epoch !== epoch || floor.digest !== digest) refuseState('configuration');
  }

  #successor({ snapshot, ancestors }: StoredRecord<D>, document: D): StateRecord<D> {
    const { issuer, configurationDigest, replica } = this.#options;
    return {
      issuer,
      configurationDigest,
      epoch: snapshot.epoch + 1,
      ancestors: [snapshot.digest, ...ancestors].slice(0, maximumAncestors),
      document,
      writer: replica,
    };
  }

  /** @returns nothing when another replica was faster. */
  async #write(record: StateRecord<D>, version: bigint): Promise<StateSnapshot<D> | undefined> {
    const { format } = this.#options;
    const encoded = encodeOrRefuse(record, format);
    const bytes = await this.#options.protection.protect(encoded, this.#place);
    const atMs = this.#options.nowMs();
    // Read back from the encoding: frozen, and exactly what others will read.
    const made = storedRecord(decodeStateRecord(encoded, format), { version, bytesDigest: sha256(bytes) }, format);
    try {
      if (!(await answered(this.#options.store.storeWrite({ key: this.#place.key, version, bytes }, storeCall)))) {
        return undefined;
      }
    } catch (error) {
      return this.#writtenAfterAll(made, error);
    }
    this.#accept(made, atMs);
    return made.snapshot;
  }

  /** A store whose answer got lost may have written, and another replica may have gone on from there. */
  async #writtenAfterAll({ snapshot }: StoredRecord<D>, error: unknown): Promise<StateSnapshot<D>> {
    const found = await this.#load();
    if (![found.snapshot.digest, ...found.ancestors].includes(snapshot.digest)) throw error;
    return snapshot;
  }
}

function genesisOf<D>({ configurationDigest, initial, format }: StateOptions<D>): StoredRecord<D> {
  const facts = { configurationDigest, epoch: 0, ancestors: [], document: initial };
  const snapshot = Object.freeze({ epoch: 0, digest: stateDigest(facts, format), document: initial });
  return { snapshot, ancestors: facts.ancestors, version: 0n, bytesDigest: undefined, record: undefined };
}

function storedRecord<D>(
  record: StateRecord<D>,
  row: Pick<StoredRecord<D>, 'version' | 'bytesDigest'>,
  format: StateFormat<D>,
): StoredRecord<D> {
  const { epoch, ancestors, document } = record;
  const snapshot = Object.freeze({ epoch, digest: stateDigest(record, format), document });
  return { snapshot, ancestors, ...row, record };
}

/** Whether a state is what was seen, or came after it. */
function checkDescent({ snapshot, ancestors }: StoredRecord<unknown>, seen: StateFloor): void {
  const later = snapshot.epoch - seen.epoch;
  if (later < 0) refuseState('older');
  // So many states later nothing of it is left to compare; only replicas write, and each of them compares.
  if (later > ancestors.length) return;
  const then = later === 0 ? snapshot.digest : ancestors[later - 1];
  if (then !== seen.digest) refuseState('forked');
}

function readRecord<D>(bytes: Uint8Array, format: StateFormat<D>): StateRecord<D> {
  try {
    return decodeStateRecord(bytes, format);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuseState('well-formed', error);
  }
}

function encodeOrRefuse<D>(record: StateRecord<D>, format: StateFormat<D>): Uint8Array {
  try {
    return encodeStateRecord(record, format);
  } catch (cause) {
    if (!isEnclosError(cause, 'CODEC_OUT_OF_RANGE')) throw cause;
    throw new EnclosError('SERVICE_STATE_TOO_LARGE', undefined, { cause });
  }
}
