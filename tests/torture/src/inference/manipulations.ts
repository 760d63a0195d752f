import { concatBytes } from '@enclos/codec';
import type { Random } from '../random.ts';

/** A message in the pieces in which it came. */
export type Pieces = readonly Uint8Array[];

/** What a host can do to a message, with others of the same kind in its hands. The result may be the message itself. */
export type Manipulation = (pieces: Pieces, other: Pieces, random: Random) => Pieces;

const whole = (pieces: Pieces): Uint8Array => concatBytes(...pieces);
const at = (pieces: Pieces, random: Random): number => random.below(Math.max(1, pieces.length));

function flip(pieces: Pieces, random: Random): Pieces {
  const bytes = whole(pieces).slice();
  if (bytes.length === 0) return [Uint8Array.of(1)];
  for (let times = random.pick([1, 1, 2, 5]); times > 0; times--) {
    const place = random.below(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
  }
  return [bytes];
}

/** Parts of a message that lie between two places. */
function cutOut(bytes: Uint8Array, random: Random): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const [from = 0, to = 0] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].toSorted((a, b) => a - b);
  return [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
}

export const manipulations: Readonly<Record<string, Manipulation>> = {
  'drop a piece': (pieces, _, random) => pieces.toSpliced(at(pieces, random), 1),
  'drop bytes': (pieces, _, random) => {
    const [before, , after] = cutOut(whole(pieces), random);
    return [before, after];
  },
  'duplicate a piece': (pieces, _, random) => {
    const place = at(pieces, random);
    return pieces.toSpliced(place, 0, ...pieces.slice(place, place + 1));
  },
  'duplicate bytes': (pieces, _, random) => {
    const [before, middle, after] = cutOut(whole(pieces), random);
    return [before, middle, middle, after];
  },
  'reorder pieces': (pieces, _, random) => random.shuffled(pieces),
  truncate: (pieces, _, random) => {
    const bytes = whole(pieces);
    return [bytes.subarray(0, random.below(bytes.length))];
  },
  flip: (pieces, _, random) => flip(pieces, random),
  splice: (pieces, other, random) => {
    const place = random.below(Math.max(1, whole(pieces).length));
    return [whole(pieces).subarray(0, place), whole(other).subarray(place)];
  },
  'splice pieces': (pieces, other, random) => {
    const place = at(pieces, random);
    return [...pieces.slice(0, place), ...other.slice(place)];
  },
  swap: (_, other) => other,
  append: (pieces, other, random) => [
    ...pieces,
    random.below(2) === 0 ? whole(other) : random.bytes(1 + random.below(40)),
  ],
  'other framing': (pieces, _, random) => {
    const bytes = whole(pieces);
    const place = random.below(bytes.length + 1);
    return [bytes.subarray(0, place), bytes.subarray(place)];
  },
  nothing: () => [],
  noise: (pieces, _, random) => [random.bytes(whole(pieces).length)],
};

export const isSame = (left: Pieces, right: Pieces): boolean => Buffer.compare(whole(left), whole(right)) === 0;

/** The pieces of a body as they come. */
export async function piecesOf({ body }: Response): Promise<Pieces> {
  const pieces: Uint8Array[] = [];
  const stream: ReadableStream<Uint8Array> | null = body;
  const reader = stream?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (read?.value === undefined) return pieces;
    pieces.push(read.value);
  }
}
