/** Does something again and again, one at a time. What it throws is told. @returns what ends it */
export function every(periodMs: number, what: () => Promise<void>, failed: (error: unknown) => void): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    what()
      .catch(failed)
      .finally(() => {
        isBusy = false;
      });
  }, periodMs);
  return () => clearInterval(timer);
}
