import type { RunOptions } from '@enclos/inference-engine';
import type { Tensor, TensorFacts } from '@enclos/open-inference';
import type { OpenAiUse } from './openai-use.ts';

export interface ServedModelIdentity {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the model's plain bytes, in hexadecimal. */
  readonly digest: string;
}

/** A model that answers. `PooledModel` of the engines, with what the measured configuration says of it. */
export interface ServedModel extends ServedModelIdentity {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly isUsable: boolean;
  /** When it was loaded, in seconds since 1970. */
  readonly loadedAt: number;
  /** How OpenAI's API uses it, where the configuration says so. */
  readonly openAi?: OpenAiUse | undefined;
  run(inputs: readonly Tensor[], options?: RunOptions): Promise<readonly Tensor[]>;
}

/** A model that is not loaded. */
export interface LoadableModel {
  readonly name: string;
  readonly version: string;
  /** Whether it is being loaded, or will be as soon as its key is here. */
  readonly isExpected: boolean;
  /** Why it is not there. */
  readonly reason: string;
}

/** The models of the service. */
export interface ServedModels {
  /** The model of this version, or the one that was loaded last. */
  find(name: string, version?: string): ServedModel | undefined;
  list(): readonly ServedModel[];
  /** What may be loaded and is not. */
  readonly loadable: readonly LoadableModel[];
  /** A client asked for a model that is on its way: what keeps it away is looked at again soon. */
  want(name: string): void;
  load(name: string): Promise<void>;
  unload(name: string): Promise<void>;
  /** Whether every model that the configuration starts with is loaded. */
  readonly isReady: boolean;
}
