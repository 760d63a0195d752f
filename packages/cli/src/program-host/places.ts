import { addressIn, wholeNumberIn } from '@enclos/command-line';
import type { RunProgramOptions } from '@enclos/host';

/** Where a listener or a destination is. */
export type Place = NonNullable<RunProgramOptions['listen']>[string];

type Refuse = (message: string) => never;

/** `NAME=PLACE`, each name once. */
export function pairsOf(
  word: string,
  values: readonly string[],
  refuse: Refuse,
): readonly (readonly [string, string])[] {
  const found = values.map((value): readonly [string, string] => {
    const at = value.indexOf('=');
    if (at < 1 || at === value.length - 1) return refuse(`--${word} takes a name, "=" and a place.`);
    return [value.slice(0, at), value.slice(at + 1)];
  });
  if (new Set(found.map(([name]) => name)).size < found.length) refuse(`--${word} names one thing twice.`);
  return found;
}

/** The places of the words `--listen` or `--connect`. */
export function placesOf(
  word: 'listen' | 'connect',
  values: readonly string[],
  refuse: Refuse,
): Readonly<Record<string, Place>> {
  return Object.fromEntries(pairsOf(word, values, refuse).map(([name, text]) => [name, placeOf(word, text, refuse)]));
}

/** `8443` to listen at, `0.0.0.0:8443`, `[::1]:8443`, `db.example:5432`, or the path of a Unix socket. */
function placeOf(word: 'listen' | 'connect', text: string, refuse: Refuse): Place {
  if (text.startsWith('/')) return { path: text };
  const port = word === 'listen' ? wholeNumberIn(text, { least: 0, most: 65_535 }) : undefined;
  const place = port === undefined ? addressIn(text) : { port };
  if (place !== undefined && (word === 'listen' || place.port > 0)) return place;
  return refuse(`--${word} takes ${word === 'listen' ? 'a port, or ' : ''}a host and a port after the name.`);
}
