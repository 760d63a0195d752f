import type { ObtainedItem } from './fetch-item.ts';

/** What the parts of one platform are put together from. */
export interface Assembly<C> {
  readonly collateral: C;
  readonly obtained: readonly ObtainedItem[];
}
