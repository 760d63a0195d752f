import { EnclosError } from '@enclos/errors';

/** Numeric users, both ends included. */
export interface UserRange {
  readonly first: number;
  readonly last: number;
}

/** The users that may use a separated platform, and those that its enclaves run as. No user needs an entry in a database. */
export interface SeparatedUsers {
  /** Each gets its own socket. */
  readonly hostUsers: readonly number[];
  /** Reserved for the platform: nothing else on the machine runs as one of them. */
  readonly enclaveUsers: UserRange;
  /** How many more hosts there are, each known by the folders that it is given and not by its user. Default: 0. */
  readonly folderHosts?: number;
}

const maxHostUsers = 16;
const maxFolderHosts = 1024;
const maxEnclaveUsers = 65_536;
/** (uid_t) -1 means "no change" (setreuid(2)). */
const largestUser = 0xffff_fffe;
/** The overflow user, which stands for users of other user namespaces, and the 16-bit -1 (user_namespaces(7)). */
const reservedUsers = [65_534, 65_535];

/** Checks the rules that do not depend on the machine. @throws PLATFORM_USERS_REFUSED */
export function requireUsers(users: SeparatedUsers): void {
  const { hostUsers, enclaveUsers, folderHosts = 0 } = users;
  const { first, last } = enclaveUsers;
  if (!Number.isInteger(folderHosts) || folderHosts < 0 || folderHosts > maxFolderHosts) {
    throw refused(`At most ${maxFolderHosts} hosts are known by their folders.`);
  }
  const hosts = numberOfHosts(users);
  if (hosts === 0 || hostUsers.length > maxHostUsers) throw refused(`1 to ${maxHostUsers} host users.`);
  if (![...hostUsers, first, last].every(isUser)) throw refused(`A user is a whole number from 1 to ${largestUser}.`);
  if (new Set(hostUsers).size !== hostUsers.length) throw refused('A host user is named twice.');
  if (first > last) throw refused('The range of enclave users ends before it begins.');
  const inRange = (user: number): boolean => user >= first && user <= last;
  const shared = hostUsers.find(inRange);
  if (shared !== undefined) throw refused(`Host user ${shared} is in the range of enclave users.`);
  const reserved = reservedUsers.find(inRange);
  if (reserved !== undefined) throw refused(`The range of enclave users holds ${reserved}, which the kernel uses.`);
  const size = last - first + 1;
  if (size < hosts) throw refused(`${size} enclave users are too few for ${hosts} hosts.`);
  if (size > maxEnclaveUsers) throw refused(`More than ${maxEnclaveUsers} enclave users.`);
}

/** 0 is root, from which nothing can be separated. */
function isUser(user: number): boolean {
  return Number.isInteger(user) && user >= 1 && user <= largestUser;
}

export function numberOfHosts({ hostUsers, folderHosts = 0 }: SeparatedUsers): number {
  return hostUsers.length + folderHosts;
}

/**
 * Equal parts of the range, one for each host user in their order, then one for each host that is known by its folders:
 * no host can use up the users of another.
 */
export function sharesOf(users: SeparatedUsers): readonly UserRange[] {
  const { first: start, last } = users.enclaveUsers;
  const hosts = numberOfHosts(users);
  const size = Math.floor((last - start + 1) / hosts);
  return Array.from({ length: hosts }, (_, i) => {
    const first = start + i * size;
    return { first, last: first + size - 1 };
  });
}

function refused(reason: string): EnclosError {
  return new EnclosError('PLATFORM_USERS_REFUSED', reason);
}
