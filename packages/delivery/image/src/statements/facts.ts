import type { Digest } from '../digest.ts';
import type { Component } from './component.ts';

/** What the statements about an image are made of. */
export interface StatementFacts {
  readonly name: string;
  /** The digest of the manifest of the image. */
  readonly digest: Digest;
  /** ISO 8601. */
  readonly created: string;
  readonly base: string;
  readonly components: readonly Component[];
  /** What made the image. */
  readonly tool: { readonly name: string; readonly version: string };
}
