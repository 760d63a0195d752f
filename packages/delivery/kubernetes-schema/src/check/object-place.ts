import type { Span } from '../yaml/node.ts';
import type { View } from './view.ts';

/** Where an object is, for the words of a finding. */
export interface ObjectPlace {
  readonly typeName: string;
  readonly path: string;
  /** The span of the key that holds it. */
  readonly span: Span;
  /** The object around it. */
  readonly parent?: View;
}
