import { EnclosError } from '@enclos/errors';

/** Numeric users, both ends included. */
export interface UserRange {
  readonly first: number;
  readonly last: number;
}

/** Who may use a separated platform, and as whom its enclaves run. No user needs an entry in a database. */
export interface SeparatedUsers {
  /** Each gets a socket of its own. */
  readonly hostUsers: readonly number[];
  /** Of the platform alone: nothing else on the machine runs as one of them. */
  readonly enclaveUsers: UserRange;
}

const maxHostUsers = 16;
const maxEnclaveUsers = 65_536;
/** (uid_t) -1 means "no change" (setreuid(2)). */
const largestUser = 0xffff_fffe;
/** The overflow user, whom other user namespaces' users look like, and the 16-bit -1 (user_namespaces(7)). */
const reservedUsers = [65_534, 65_535];

/** The rules that need no look at the machine. @throws PLATFORM_USERS_REFUSED */
export function requireUsers({ hostUsers, enclaveUsers }: SeparatedUsers): void {
  const { first, last } = enclaveUsers;
  if (hostUsers.length === 0 || hostUsers.length > maxHostUsers) throw refused(`1 to ${maxHostUsers} host users.`);
  if (![...hostUsers, first, last].every(isUser)) throw refused(`A user is a whole number from 1 to ${largestUser}.`);
  if (new Set(hostUsers).size !== hostUsers.length) throw refused('A host user is named twice.');
  if (first > last) throw refused('The range of enclave users ends before it begins.');
  const inRange = (user: number): boolean => user >= first && user <= last;
  const shared = hostUsers.find(inRange);
  if (shared !== undefined) throw refused(`Host user ${shared} is in the range of enclave users.`);
  const reserved = reservedUsers.find(inRange);
  if (reserved !== undefined) throw refused(`The range of enclave users holds ${reserved}, which the kernel uses.`);
  const size = last - first + 1;
  if (size < hostUsers.length) throw refused(`${size} enclave users are too few for ${hostUsers.length} host users.`);
  if (size > maxEnclaveUsers) throw refused(`More than ${maxEnclaveUsers} enclave users.`);
}

/** 0 is root, from whom nothing is separated. */
function isUser(user: number): boolean {
  return Number.isInteger(user) && user >= 1 && user <= largestUser;
}

/** Equal parts of the range, one for each host user in their order: no host can use up the users of another. */
export function sharesOf({ hostUsers, enclaveUsers }: SeparatedUsers): readonly UserRange[] {
  const size = Math.floor((enclaveUsers.last - enclaveUsers.first + 1) / hostUsers.length);
  return hostUsers.map((_user, i) => {
    const first = enclaveUsers.first + i * size;
    return { first, last: first + size - 1 };
  });
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_USERS_REFUSED', reason);
}
