import type { Additions, Container } from './container.ts';
import type { JsonObject } from '@enclos/codec/json';

export type Volume = JsonObject & { readonly name: string };

/** What a platform adds to a pod. */
export interface Profile {
  /** The containers that get something, each with what it gets. */
  readonly containers: readonly { readonly container: Container; readonly additions: Additions }[];
  /** A volume for the mounts, when a container gets one of them. */
  readonly volume?: Volume;
  /** Taints of nodes that the pod tolerates, by key. */
  readonly tolerates: string;
}
