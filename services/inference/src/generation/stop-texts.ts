/**
 * Holds back the end of a text for as long as it may be the beginning of a stop text, so that a streamed answer never shows a part of
 * one.
 */
export class StopTexts {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** @returns what may be shown now, and whether a stop text has come. */
  add(text: string): { readonly shown: string; readonly isStopped: boolean } {
    const whole = this.#held + text;
    const ends = this.#stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
    if (ends.length > 0) {
      this.#held = '';
      return { shown: whole.slice(0, Math.min(...ends)), isStopped: true };
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => longestBeginning(whole, stop)));
    this.#held = whole.slice(whole.length - keep);
    return { shown: whole.slice(0, whole.length - keep), isStopped: false };
  }

  /** What was held back, when nothing more comes. */
  rest(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** How much of the end of a text is a beginning of the stop text. */
function longestBeginning(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
