import { SharedWork } from '@enclos/bounded';

/** A machine that was only busy must not stay without passing for as long as its platform runs. */
const keptMs = 60_000;

/**
 * Finds out with the first launch that wants it whether a socket that is passed reaches an enclave. That it does is kept, and that
 * it does not for a minute.
 * @param trial says why not, in words. What cannot even be tried is not a reason: then it throws.
 * @returns why not; undefined when it does
 */
export function createPassingCheck(
  trial: () => Promise<string | undefined>,
  nowMs: () => number = () => performance.now(),
): () => Promise<string | undefined> {
  const shared = new SharedWork<string | undefined>();
  let known: { readonly obstacle: string | undefined; readonly untilMs: number } | undefined;
  const tryIt = async (): Promise<string | undefined> => {
    const obstacle = await trial();
    known = { obstacle, untilMs: obstacle === undefined ? Infinity : nowMs() + keptMs };
    return obstacle;
  };
  return async () => {
    if (known !== undefined && nowMs() < known.untilMs) return known.obstacle;
    return shared.join(tryIt).catch(() => undefined);
  };
}
