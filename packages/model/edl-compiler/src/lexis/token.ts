/** A piece of a text as it stands there. Offsets are UTF-16 code units, `end` exclusive. */
export interface RawToken {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'line-comment' | 'block-comment' | 'newline' | 'end';
  /** As it is written; for a string, what stands between its quotation marks; for comments and the end, nothing. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How many tokens may still be read, over all files of a compilation. A macro that is replaced costs one, too. */
export interface TokenBudget {
  left: number;
}

/** What the parser reads. The tokens of a macro stand where its name is used. */
export interface Token extends RawToken {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'end';
}
