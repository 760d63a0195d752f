import { byPath } from './limits.ts';

/** What goes between the first starter and the interpreter, and where in it goes what differs between enclaves. */
export interface Way {
  /** Whatever the enclave: see {@link enclaveCommand}. */
  readonly prefix: readonly string[];
  /** Where the words go that give the process a user of its own; absent where it cannot have one. */
  readonly userAt?: number;
  /** Where the last starter goes: all namespaces are made, and the user is that of the enclave. */
  readonly lastAt: number;
}

/** What gives an enclave a user of its own, of a group of the same number and of no other. */
export function userWords(user: number): readonly string[] {
  return ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
}

interface WayNeeds {
  readonly starterPath: string;
  readonly user: number | undefined;
  /** For the last starter, which is left out where it has nothing to do. */
  readonly last: readonly string[];
}

/** The words of a way with the user, the last starter and the interpreter in them. */
export function wayWords(way: Way, { starterPath, user, last }: WayNeeds, interpreterPath: string): readonly string[] {
  const { prefix, userAt, lastAt } = way;
  if (user !== undefined && userAt === undefined) {
    throw new RangeError('This way to isolation gives no process a user of its own.');
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
