import { byPath } from './limits.ts';

/** The words between the first starter and the interpreter, and the places in them for what differs between enclaves. */
export interface Way {
  /** The same for every enclave: see {@link enclaveCommand}. */
  readonly prefix: readonly string[];
  /** The place for the words that give the process its own user; absent when it cannot have one. */
  readonly userAt?: number;
  /** The place for the last starter: after all namespaces are made and the enclave's user is set. */
  readonly lastAt: number;
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
}

/** The words of a way, with the user, the last starter and the interpreter filled in. */
export function wayWords(way: Way, { starterPath, user, last }: WayNeeds, interpreterPath: string): readonly string[] {
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
