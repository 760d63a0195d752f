import { currentKey, type KemId, type KeySetDocument, type PublishedKey } from '@enclos/hpke';

/**
 * The key to seal to, at a time: `currentKey`, which chooses anew when a key begins or ends, or the clock goes back. It is asked for several
 * times with each request.
 *
 * @throws HPKE_KEY_STALE from the function that it gives
 */
export function keyChooser(
  { keys }: Pick<KeySetDocument, 'keys'>,
  kems: readonly KemId[],
): (nowMs: number) => PublishedKey {
  const changes = keys.flatMap(({ notBeforeMs, notAfterMs }) => [notBeforeMs, notAfterMs]);
  let chosen: { readonly key: PublishedKey; readonly fromMs: number; readonly untilMs: number } | undefined;
  return (nowMs) => {
    if (chosen !== undefined && chosen.fromMs <= nowMs && nowMs < chosen.untilMs) return chosen.key;
    const untilMs = Math.min(...changes.filter((change) => change > nowMs));
    chosen = { key: currentKey({ keys }, nowMs, kems), fromMs: nowMs, untilMs };
    return chosen.key;
  };
}
