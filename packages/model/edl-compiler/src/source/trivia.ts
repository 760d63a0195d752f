import type { Place } from './place.ts';

/** What the grammar does not see. */
export interface Trivia {
  readonly kind: 'line-comment' | 'block-comment' | 'directive' | 'left-out';
  readonly at: Place;
}
