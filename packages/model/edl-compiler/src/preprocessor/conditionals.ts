/** One `#if` that is open, and what its branches have been so far. */
interface OpenConditional {
  /** Where its directive begins and ends. */
  readonly start: number;
  readonly end: number;
  /** Whether what surrounds it is kept. */
  readonly outer: boolean;
  isKept: boolean;
  /** Whether a branch was kept before. */
  wasKept: boolean;
  hasElse: boolean;
}

/** A conditional that has ended. */
export interface Conditional {
  /** Where its first directive begins, and where its `#endif` ends. */
  readonly start: number;
  readonly end: number;
}

const deepest = 64;

/** The conditionals that are open at a place in a file. */
export class Conditionals {
  readonly #open: OpenConditional[] = [];
  readonly ended: Conditional[] = [];

  /** Whether the text at this place counts. */
  get isKept(): boolean {
    return this.#open.at(-1)?.isKept ?? true;
  }

  /** Whether what surrounds the innermost conditional counts. */
  get isOuterKept(): boolean {
    return this.#open.at(-1)?.outer ?? true;
  }

  /** Whether an `#elif` at this place would be asked at all. */
  get wantsCondition(): boolean {
    const last = this.#open.at(-1);
    return last !== undefined && last.outer && !last.wasKept;
  }

  get innermost(): { readonly start: number; readonly end: number } | undefined {
    return this.#open.at(-1);
  }

  /** @returns whether there was room for it */
  begin(at: { readonly start: number; readonly end: number }, condition: boolean): boolean {
    if (this.#open.length >= deepest) return false;
    const outer = this.isKept;
    const isKept = outer && condition;
    this.#open.push({ ...at, outer, isKept, wasKept: isKept, hasElse: false });
    return true;
  }

  /** `#else` has no condition. @returns whether a conditional is open that may have one more branch */
  branch(condition?: boolean): boolean {
    const last = this.#open.at(-1);
    if (last === undefined || last.hasElse) return false;
    last.isKept = last.outer && !last.wasKept && (condition ?? true);
    last.wasKept ||= last.isKept;
    last.hasElse = condition === undefined;
    return true;
  }

  /** @returns whether one was open */
  end(end: number): boolean {
    const last = this.#open.pop();
    if (last !== undefined) this.ended.push({ start: last.start, end });
    return last !== undefined;
  }
}
