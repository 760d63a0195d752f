import { SharedWork, Turns } from '@enclos/bounded';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import type { EnginePool, PooledModel } from '@enclos/inference-engine';
import type { ModelEntry } from '@enclos/inference-models';
import { isEncrypted, type ModelKeys } from '../keys/model-keys.ts';
import type { OpenAiUse } from '../models/openai-use.ts';
import type { LoadableModel, ServedModel, ServedModels } from '../models/served-models.ts';
import { Attempts } from './attempts.ts';
import { prepareModel, type ModelParts, type PreparedModel } from './prepare-model.ts';

export interface ModelShelfOptions {
  readonly pool: Pick<EnginePool, 'load'>;
  /** What the measured manifest allows, and the catalogue now. */
  readonly allowed: () => readonly ModelEntry[];
  readonly openAi: ReadonlyMap<string, OpenAiUse>;
  readonly parts: ModelParts;
  readonly keys: ModelKeys;
  readonly now: () => Date;
  /** Hears why a model cannot be loaded in the background, once for each reason. */
  readonly onFault: (error: unknown) => void;
  /** Hears what a model waits for that comes by itself, or from its owner: the code of an error, once for each. */
  readonly onAwaited: (model: Pick<ModelEntry, 'name' | 'version'>, code: ErrorCode) => void;
}

/** What may be wrong with a file that waited for its key. */
const aboutFiles: ReadonlySet<string> = new Set([
  'MODEL_NOT_OPENED',
  'MODEL_MISMATCH',
  'MODEL_ENCRYPTION_INVALID',
  'INFERENCE_MODEL_REFUSED',
]);

/** So many models ask for their keys at once, so that a key service that hangs does not take all connections. */
const keysAtOnce = 8;

type ShelvedModel = ServedModel & { readonly pooled: PooledModel };

/**
 * The models that manifest and catalogue allow: loaded at the start, and again or not by the repository's API. Those whose keys are not
 * here yet are tried again and again, while the others are served.
 */
export class ModelShelf implements ServedModels {
  readonly #options: ModelShelfOptions;
  readonly #served = new Map<string, ShelvedModel>();
  /** Two calls for one model load it once. */
  readonly #loading = new SharedWork<void>();
  /** A catalogue may have a thousand models, which are not copied, decrypted and given to the engines all at once. */
  readonly #copying = new Turns();
  readonly #asking = new Turns(keysAtOnce);
  /** Encrypted files that wait for their keys. */
  readonly #prepared = new Map<string, PreparedModel>();
  readonly #attempts = new Attempts();
  readonly #startedWith = new Set<string>();
  /** What was unloaded, and stays so until it is loaded by name. */
  readonly #unloaded = new Set<string>();

  constructor(options: ModelShelfOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    const allowed = new Set(this.#options.allowed().map(keyOf));
    const isMissing = (key: string): boolean => allowed.has(key) && !this.#served.has(key);
    return this.#served.size > 0 && ![...this.#startedWith].some(isMissing);
  }

  get loadable(): readonly LoadableModel[] {
    const absent = this.#options.allowed().filter((entry) => !this.#served.has(keyOf(entry)));
    return absent.map((entry) => {
      const isExpected = !this.#unloaded.has(keyOf(entry));
      const { name, version } = entry;
      const reason = this.#attempts.reasonFor(keyOf(entry)) ?? (isExpected ? 'being loaded' : 'not loaded');
      return { name, version, isExpected, reason };
    });
  }

  find(name: string, version?: string): ServedModel | undefined {
    return this.list().findLast((model) => model.name === name && (version === undefined || model.version === version));
  }

  want(name: string): void {
    for (const entry of this.#options.allowed()) if (entry.name === name) this.#attempts.want(keyOf(entry));
  }

  list(): readonly ServedModel[] {
    return [...this.#served.values()];
  }

  /**
   * Loads the models whose files are not encrypted, and begins with the others.
   * @throws INFERENCE_MODEL_REFUSED, what `prepareModel` finds wrong with files, and what the engines refuse
   */
  async loadAll(): Promise<void> {
    for (const entry of this.#options.allowed()) {
      this.#startedWith.add(keyOf(entry));
      if (isEncrypted(entry)) {
        await this.#prepare(entry);
        this.#pursue(entry);
      } else await this.#load(entry);
    }
  }

  /** Follows a new catalogue: unloads what it does not allow any more, and begins to load what is new. */
  async follow(): Promise<void> {
    const allowed = this.#options.allowed();
    const keys = new Set(allowed.map(keyOf));
    for (const key of [...this.#served.keys(), ...this.#prepared.keys()]) if (!keys.has(key)) await this.#drop(key);
    for (const entry of allowed) {
      if (!this.#served.has(keyOf(entry)) && !this.#unloaded.has(keyOf(entry))) this.#pursue(entry);
    }
  }

  /** Loads the versions of a model that are not. @throws INFERENCE_NOT_FOUND, and as `loadAll`, and what keeps a key from it */
  async load(name: string): Promise<void> {
    const entries = this.#options.allowed().filter((entry) => entry.name === name);
    if (entries.length === 0) throw new EnclosError('INFERENCE_NOT_FOUND', 'There is no model of this name.');
    for (const entry of entries) {
      this.#unloaded.delete(keyOf(entry));
      await this.#load(entry);
    }
  }

  /** Loads a model whose owner has supplied the key. @throws as `load` */
  async loadDigest(digest: string): Promise<void> {
    const entry = this.#options.allowed().find((one) => one.digest === digest);
    if (entry === undefined) throw new EnclosError('MODEL_NOT_ALLOWED');
    if (this.#unloaded.has(keyOf(entry))) return;
    try {
      await this.#load(entry);
    } catch (error) {
      // It joined an attempt that had looked for the key before that was here.
      if (!isEnclosError(error, 'MODEL_KEY_AWAITED')) throw error;
      await this.#load(entry);
    }
  }

  /** Answers nothing with a model any more, after what has begun. @throws INFERENCE_NOT_FOUND */
  async unload(name: string): Promise<void> {
    const found = this.#options.allowed().filter((entry) => entry.name === name && !this.#unloaded.has(keyOf(entry)));
    if (found.length === 0) throw new EnclosError('INFERENCE_NOT_FOUND', 'No model of this name is loaded.');
    for (const entry of found) {
      this.#unloaded.add(keyOf(entry));
      await this.#drop(keyOf(entry));
    }
  }

  /** Ends what is tried in the background. */
  close(): void {
    this.#attempts.close();
  }

  #pursue(entry: ModelEntry): void {
    const { onAwaited, onFault } = this.#options;
    this.#attempts.begin(
      keyOf(entry),
      async () => this.#load(entry),
      (error) => {
        if (isEnclosError(error) && error.kind === 'transient') onAwaited(entry, error.code);
        else onFault(error);
      },
    );
  }

  async #drop(key: string): Promise<void> {
    this.#attempts.end(key);
    this.#prepared.delete(key);
    const served = this.#served.get(key);
    this.#served.delete(key);
    await served?.pooled.unload();
  }

  async #prepare(entry: ModelEntry): Promise<PreparedModel> {
    const { parts, keys } = this.#options;
    const prepared = this.#prepared.get(keyOf(entry)) ?? (await prepareModel(entry, parts, keys));
    if (isEncrypted(entry)) this.#prepared.set(keyOf(entry), prepared);
    return prepared;
  }

  #load(entry: ModelEntry): Promise<void> {
    return this.#loading.join(async () => {
      if (!this.#served.has(keyOf(entry))) await this.#loadAnew(entry);
    }, keyOf(entry));
  }

  async #loadAnew(entry: ModelEntry): Promise<void> {
    const key = keyOf(entry);
    const prepared = await this.#copying.take(async () => this.#prepare(entry));
    const modelKey = await this.#asking.take(async () => prepared.key());
    const served = await this.#copying.take(async () => {
      const source = await prepared.open(modelKey).catch((error: unknown) => {
        // The file may be the wrong one, and its host may have another by now.
        if (isEnclosError(error) && aboutFiles.has(error.code)) this.#prepared.delete(key);
        throw error;
      });
      return this.#shelved(entry, source);
    });
    this.#prepared.delete(key);
    this.#attempts.end(key);
    this.#served.set(key, served);
    const isWanted = this.#options.allowed().some((one) => keyOf(one) === key) && !this.#unloaded.has(key);
    if (isWanted) return;
    // Catalogue or client changed their minds while it was loaded.
    await this.#drop(key);
    throw new EnclosError('MODEL_NOT_ALLOWED');
  }

  async #shelved(entry: ModelEntry, source: Uint8Array): Promise<ShelvedModel> {
    const { name, version, digest, limits } = entry;
    const { pool, openAi, now } = this.#options;
    const { maxInputBytes, maxOutputBytes, maxRunMs } = limits;
    const pooled = await pool.load({
      name,
      version,
      source,
      limits: {
        ...(maxInputBytes === undefined ? {} : { maxInputBytes }),
        ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }),
        ...(maxRunMs === undefined ? {} : { maxRunMs }),
      },
    });
    return {
      pooled,
      name,
      version,
      digest,
      inputs: pooled.inputs,
      outputs: pooled.outputs,
      loadedAt: Math.floor(now().getTime() / 1000),
      openAi: openAi.get(name),
      get isUsable() {
        return pooled.isUsable;
      },
      run: pooled.run.bind(pooled),
    };
  }
}

/** A catalogue may give a name and version to another file, so the digest belongs to it. */
const keyOf = ({ name, version, digest }: Pick<ModelEntry, 'digest' | 'name' | 'version'>): string =>
  `${name} ${version} ${digest}`;
