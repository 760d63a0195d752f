/** A listener for changes. */
export interface Watchers {
  readonly watch: (listener: () => void) => () => void;
  readonly tell: () => void;
}

export function createWatchers(): Watchers {
  const listeners = new Set<() => void>();
  return Object.freeze({
    watch(listener: () => void) {
      // Two callers that pass one function are still two.
      const own = (): void => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    tell() {
      for (const listener of listeners) listener();
    },
  });
}
