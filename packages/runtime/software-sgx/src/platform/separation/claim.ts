import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { runtimeFolders } from '../runtime-folder.ts';
import type { UserRange } from './users.ts';

const claimFile = 'users';

/**
 * Records in the platform's runtime folder which users it owns, and checks that no other platform claims one of them. When two
 * platforms start at once, both may be refused, but never neither.
 * @throws PLATFORM_USERS_REFUSED
 */
export async function claimUsers(parent: string, folder: string, range: UserRange): Promise<void> {
  await writeFile(join(folder, claimFile), `${range.first}-${range.last}`, { mode: 0o600 });
  for (const other of await runtimeFolders(parent)) {
    if (other === folder) continue;
    const claim = await readFile(join(other, claimFile), 'utf8').catch(() => '');
    const [first = Number.NaN, last = Number.NaN] = claim.split('-').map(Number);
    if (first <= range.last && last >= range.first) {
      throw new EnclosError('PLATFORM_USERS_REFUSED', `A platform with enclave users ${claim} runs already.`, {
        details: { claim },
      });
    }
  }
}
