// Which tests a mutant has to survive, the likeliest to kill it first.

const recentCount = 16;

export class Planner {
  #tests;
  #atLoad;
  #loadHits;
  #slow;
  #recent = new Map();

  /**
   * @param tests of the baseline: `{ file, name, ms, hits }`, hits one set of places for each target.
   * @param slow `[{ test, files }]`: tests that only mutants of some files have to survive, by how their paths start.
   */
  constructor({ tests, atLoad, loadHits }, slow) {
    this.#tests = tests.toSorted((a, b) => a.ms - b.ms).map((test) => ({ ...test, hits: test.hits.map(setOf) }));
    this.#atLoad = atLoad.map(setOf);
    this.#loadHits = new Map(loadHits.map(({ file, hits }) => [file, hits.map(setOf)]));
    this.#slow = new Map(slow.map(({ test, files }) => [test, files]));
  }

  /** What loading a module runs can matter to any test. */
  planFor({ file, index, place }) {
    const isOfAll = place === -1 || this.#atLoad[index].has(place);
    const reached = this.#tests.filter(
      (test) =>
        (isOfAll || test.hits[index].has(place) || this.#loadHits.get(test.file)[index].has(place)) &&
        (this.#slow.get(test.name)?.some((start) => file.startsWith(start)) ?? true),
    );
    const recent = this.#recent.get(file) ?? [];
    const first = recent.filter((test) => reached.includes(test));
    return [...first, ...reached.filter((test) => !first.includes(test))].map(({ file: of, name, ms }) => ({
      file: of,
      name,
      ms,
    }));
  }

  killed({ file }, killer) {
    const test = this.#tests.find((one) => one.file === killer.file && one.name === killer.name);
    const others = (this.#recent.get(file) ?? []).filter((one) => one !== test);
    this.#recent.set(file, [test, ...others].slice(0, recentCount));
  }
}

const setOf = (items) => new Set(items);
