/** The exported Go name of an identifier or a word: `put_note` and `put-note` become `PutNote`. */
export function goName(name: string): string {
  const parts = name.split(/[^A-Za-z0-9]+/).filter((part) => part !== '');
  const joined = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
  return /^[A-Z]/.test(joined) ? joined : `N${joined}`;
}

/** The names of one scope. A name that is taken gets a number. */
export class GoNames {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted}${number}`;
    this.#taken.add(name);
    return name;
  }
}
