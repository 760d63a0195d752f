import { byPath } from './limits.ts';

/** The words between the first starter and the interpreter, and the places in them for what differs between enclaves. */
export interface Way {
  /** The same for every enclave: see {@link enclaveCommand}. */
  readonly prefix: readonly string[];
  /** The place for the words that give the process its own user; absent when it cannot have one. */
  readonly userAt?: number;
  /** The place for the last starter: after all namespaces are made and the enclave's user is set. */
  readonly lastAt: number;
  /** The place after the namespaces are made, and before privileges are dropped and the user is set. Default: that of the last starter. */
  readonly insideAt?: number;
}

/** The words that give an enclave its own user, and a group of the same number as its only group. */
export function userWords(user: number): readonly string[] {
  return ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
}

interface WayNeeds {
  readonly starterPath: string;
  readonly user: number | undefined;
  /** The words for the last starter, which is left out when it has nothing to do. */
  readonly last: readonly string[];
  /** A program, by its path, with its words, that runs inside of the namespaces and then runs what follows. */
  readonly inside?: readonly string[];
}

/** The words of a way, with the user, the last starter and the interpreter filled in. */
export function wayWords(way: Way, needs: WayNeeds, interpreterPath: string): readonly string[] {
  const { inside = [] } = needs;
  if (inside.length === 0) return filledIn(way, needs, interpreterPath);
  const { prefix, lastAt, userAt, insideAt = lastAt } = way;
  // What follows is run by its path.
  const after = byPath(prefix.slice(insideAt));
  const changed = {
    insideAt,
    lastAt: lastAt + inside.length,
    ...(userAt === undefined ? {} : { userAt: userAt + inside.length }),
  };
  return filledIn({ ...changed, prefix: [...prefix.slice(0, insideAt), ...inside, ...after] }, needs, interpreterPath);
}

function filledIn(way: Way, { starterPath, user, last }: WayNeeds, interpreterPath: string): readonly string[] {
  const { prefix, userAt, lastAt } = way;
  if (user !== undefined && userAt === undefined) {
    throw new RangeError('This way of isolation cannot give a process its own user.');
  }
  const splitAt = user === undefined ? lastAt : (userAt ?? lastAt);
  const early = [
    ...prefix.slice(0, splitAt),
    ...(user === undefined ? [] : userWords(user)),
    ...prefix.slice(splitAt, lastAt),
  ];
  const late = [...prefix.slice(lastAt), interpreterPath];
  return last.length === 0 ? [...early, ...late] : [...early, starterPath, ...last, '-', ...byPath(late)];
}
