import type { JsonValue } from '../json/value.ts';

export type Comparator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Query =
  | { readonly kind: 'current'; readonly depth: 1 }
  | { readonly kind: 'field'; readonly name: string; readonly depth: 1 }
  | { readonly kind: 'literal'; readonly value: JsonValue; readonly depth: 1 }
  | { readonly kind: 'index'; readonly index: number; readonly depth: 1 }
  | {
      readonly kind: 'slice';
      readonly start: number | undefined;
      readonly stop: number | undefined;
      readonly step: number;
      readonly depth: 1;
    }
  /** `left`, and then `right` on its result; a pipe is the same, but ends projections. */
  | { readonly kind: 'chain'; readonly left: Query; readonly right: Query; readonly depth: number }
  /** `right` on each item of the list, or each value of the object, that `left` returned. */
  | { readonly kind: 'projection' | 'values'; readonly left: Query; readonly right: Query; readonly depth: number }
  | {
      readonly kind: 'filter';
      readonly left: Query;
      readonly condition: Query;
      readonly right: Query;
      readonly depth: number;
    }
  | { readonly kind: 'flatten'; readonly left: Query; readonly depth: number }
  | { readonly kind: 'list'; readonly items: readonly Query[]; readonly depth: number }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Query])[]; readonly depth: number }
  | { readonly kind: 'or' | 'and'; readonly left: Query; readonly right: Query; readonly depth: number }
  | { readonly kind: 'not'; readonly operand: Query; readonly depth: number }
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Query;
      readonly right: Query;
      readonly depth: number;
    }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Argument[]; readonly depth: number };

/** `&expression` is passed to a function unevaluated. */
export type Argument =
  | { readonly reference: false; readonly query: Query }
  | { readonly reference: true; readonly query: Query };
