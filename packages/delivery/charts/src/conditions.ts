/** Which settings are set: one bit each, in their order. */
export type Assignment = number;

/** A setting is set, or not; or several conditions hold, or one of them. */
export type Condition =
  | { readonly name: string; readonly isSet: boolean }
  | { readonly join: 'and' | 'or'; readonly parts: readonly Condition[] };

interface Candidate {
  readonly condition: Condition;
  readonly holds: (assignment: Assignment) => boolean;
}

const joins = ['and', 'or'] as const;

/**
 * The shortest condition that is true for `some` and false for the rest of `all`. What is not in `all` cannot come up.
 * @throws TypeError for what three settings cannot tell
 */
export function conditionFor(
  names: readonly string[],
  all: readonly Assignment[],
  some: ReadonlySet<Assignment>,
): Condition {
  for (const { condition, holds } of candidates(names)) {
    if (all.every((assignment) => holds(assignment) === some.has(assignment))) return condition;
  }
  throw new TypeError(`No condition of three of ${names.join(', ')} tells these settings apart.`);
}

/** Single settings, then pairs, then threes, alike or mixed: `a or (b and c)`. */
function* candidates(names: readonly string[]): Generator<Candidate> {
  const literals = names.flatMap((name, index) =>
    [true, false].map((isSet): Candidate => {
      return { condition: { name, isSet }, holds: (assignment) => ((assignment >> index) & 1) === (isSet ? 1 : 0) };
    }),
  );
  yield* literals;
  for (const join of joins) yield* pairs(literals, (a, b) => joined(join, [a, b]));
  for (const outer of joins) {
    for (const inner of joins) {
      for (const first of literals) {
        for (const pair of pairs(literals, (a, b) => joined(inner, [a, b]))) yield joined(outer, [first, pair]);
      }
    }
  }
}

function* pairs(literals: readonly Candidate[], join: (a: Candidate, b: Candidate) => Candidate): Generator<Candidate> {
  for (const [index, first] of literals.entries()) {
    for (const second of literals.slice(index + 1)) yield join(first, second);
  }
}

function joined(join: 'and' | 'or', parts: readonly Candidate[]): Candidate {
  return {
    condition: { join, parts: parts.map(({ condition }) => condition) },
    holds: (assignment) =>
      join === 'and' ? parts.every(({ holds }) => holds(assignment)) : parts.some(({ holds }) => holds(assignment)),
  };
}
