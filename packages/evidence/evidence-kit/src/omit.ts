/** The same object without these members. */
export function omit<T extends object, K extends keyof T>(value: T, ...members: readonly K[]): Omit<T, K> {
  const left: ReadonlySet<PropertyKey> = new Set(members);
  // Object.entries forgets the types of the members.
  return Object.fromEntries(Object.entries(value).filter(([name]) => !left.has(name))) as Omit<T, K>;
}
