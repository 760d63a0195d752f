import { SharedWork } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import type { EnginePool, PooledModel } from '@enclos/inference-engine';
import type { ModelEntry, ModelManifest } from '@enclos/inference-models';
import type { OpenAiUse } from '../models/openai-use.ts';
import type { ServedModel, ServedModels } from '../models/served-models.ts';
import { readModel, type ModelParts } from './read-model.ts';

export interface ModelShelfOptions {
  readonly pool: Pick<EnginePool, 'load'>;
  readonly manifest: ModelManifest;
  readonly openAi: ReadonlyMap<string, OpenAiUse>;
  readonly parts: ModelParts;
  readonly now: () => Date;
}

/** The models that the measured manifest allows: loaded at the start, and again or not by the repository's API. */
export class ModelShelf implements ServedModels {
  readonly #options: ModelShelfOptions;
  /** By name and version. */
  readonly #served = new Map<string, ServedModel & { readonly pooled: PooledModel }>();
  /** Two calls for one model load it once. */
  readonly #loading = new SharedWork<void>();

  constructor(options: ModelShelfOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#served.size > 0 && this.loadable.length === 0;
  }

  get loadable(): readonly ModelEntry[] {
    return this.#options.manifest.models.filter((entry) => !this.#served.has(keyOf(entry)));
  }

  find(name: string, version?: string): ServedModel | undefined {
    return this.list().findLast((model) => model.name === name && (version === undefined || model.version === version));
  }

  list(): readonly ServedModel[] {
    return [...this.#served.values()];
  }

  /** @throws INFERENCE_MODEL_REFUSED, and what the engines refuse */
  async loadAll(): Promise<void> {
    for (const entry of this.#options.manifest.models) await this.#load(entry);
  }

  /** Loads the versions of a model that are not. @throws INFERENCE_NOT_FOUND, and as `loadAll` */
  async load(name: string): Promise<void> {
    const entries = this.#options.manifest.models.filter((entry) => entry.name === name);
    if (entries.length === 0) throw new EnclosError('INFERENCE_NOT_FOUND', 'There is no model of this name.');
    for (const entry of entries) if (!this.#served.has(keyOf(entry))) await this.#load(entry);
  }

  /** Answers nothing with a model any more, after what has begun. @throws INFERENCE_NOT_FOUND */
  async unload(name: string): Promise<void> {
    const found = [...this.#served.entries()].filter(([, model]) => model.name === name);
    if (found.length === 0) throw new EnclosError('INFERENCE_NOT_FOUND', 'No model of this name is loaded.');
    for (const [key, { pooled }] of found) {
      this.#served.delete(key);
      await pooled.unload();
    }
  }

  #load(entry: ModelEntry): Promise<void> {
    return this.#loading.join(() => this.#loadAnew(entry), keyOf(entry));
  }

  async #loadAnew(entry: ModelEntry): Promise<void> {
    const { name, version, digest, limits } = entry;
    const { pool, parts, openAi, now } = this.#options;
    const source = await readModel(entry, parts);
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
    const loadedAt = Math.floor(now().getTime() / 1000);
    const served = {
      pooled,
      name,
      version,
      digest,
      inputs: pooled.inputs,
      outputs: pooled.outputs,
      loadedAt,
      openAi: openAi.get(name),
      get isUsable() {
        return pooled.isUsable;
      },
      run: pooled.run.bind(pooled),
    };
    this.#served.set(keyOf(entry), served);
  }
}

const keyOf = ({ name, version }: Pick<ModelEntry, 'name' | 'version'>): string => `${name} ${version}`;
