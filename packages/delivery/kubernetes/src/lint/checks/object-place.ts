import type { Span } from '../../yaml/node.ts';

/** Where an object is, for the words of a finding. */
export interface ObjectPlace {
  readonly typeName: string;
  readonly path: string;
  /** The span of the key that holds it. */
  readonly span: Span;
}
