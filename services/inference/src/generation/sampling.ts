/** How the next token is chosen from scores. */
export interface SamplingOptions {
  /** 0 takes the most likely token; above 1 makes unlikely ones likelier. */
  readonly temperature: number;
  /** Only tokens that together have this probability, the most likely first. */
  readonly topP: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
}

/** @returns the index of the chosen token; scores that are not numbers are never chosen. */
export function sampleToken(scores: Float32Array, { temperature, topP, random }: SamplingOptions): number {
  const ranked = [...scores.entries()].filter(([, score]) => !Number.isNaN(score)).toSorted(([, a], [, b]) => b - a);
  const [best] = ranked;
  if (best === undefined || temperature === 0) return best?.[0] ?? 0;
  const weights = ranked.map(([, score]) => Math.exp((score - best[1]) / temperature));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let count = 0;
  while (count < weights.length && (count === 0 || kept < topP * all)) kept += weights[count++] ?? 0;
  let left = random() * kept;
  for (let at = 0; at < count; at++) {
    left -= weights[at] ?? 0;
    if (left < 0) return ranked[at]?.[0] ?? 0;
  }
  return ranked[count - 1]?.[0] ?? 0;
}

/** Numbers that a seed gives again (mulberry32): an answer with a seed can be asked for twice. Not for secrets. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
