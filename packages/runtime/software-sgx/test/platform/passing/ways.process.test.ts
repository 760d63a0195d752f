import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connectRawPassage, type RawPassage } from '@enclos/testkit';
import type { HostFolder } from '../../../src/index.ts';
import { createPassingLab, passConnection, type LabOptions } from './lab.ts';

const isRoot = process.getuid?.() === 0;
const hostUser = 60_317;
const firstEnclaveUser = 61_317;
// Not below the folder for temporary files of this user, which others might not be able to enter.
const folder = mkdtempSync('/tmp/enclos-ways-');
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));

let folders = 0;
function newFolder(): string {
  const path = join(folder, String((folders += 1)));
  mkdirSync(path);
  chmodSync(path, 0o711);
  return path;
}

/** A folder that its host sees elsewhere, as by a mount. */
const seenAs = join(folder, 'seen');
function seenFolder(): HostFolder {
  const path = newFolder();
  rmSync(seenAs, { force: true });
  symlinkSync(path, seenAs);
  return { path, seenAs };
}

interface Setting {
  readonly name: string;
  readonly options: () => LabOptions;
  /** The owner and the permissions of the passage, and its folder as the host knows it. */
  readonly access: readonly [owner: number, mode: number];
  readonly seenIn?: string;
  readonly needsRoot?: true;
}

const separation = { enclaveUsers: { first: firstEnclaveUser, last: firstEnclaveUser + 9 } };
const settings: readonly Setting[] = [
  { name: 'of one user', options: () => ({}), access: [process.getuid?.() ?? 0, 0o600] },
  {
    name: 'that is separated',
    options: () => ({
      separation: {
        ...separation,
        hostUsers: [hostUser],
        runtimeFolder: newFolder(),
        cacheFolder: join(folder, 'cache'),
      },
    }),
    access: [hostUser, 0o600],
    needsRoot: true,
  },
  {
    name: 'whose host is known by its folder',
    options: () => ({
      separation: {
        ...separation,
        hostUsers: [],
        folderHosts: 1,
        runtimeFolder: newFolder(),
        cacheFolder: join(folder, 'cache'),
      },
      folder: seenFolder(),
    }),
    access: [0, 0o666],
    seenIn: seenAs,
    needsRoot: true,
  },
];

describe('a socket is passed, on a platform', () => {
  for (const way of ['util-linux', 'bubblewrap'] as const) {
    for (const { name, options, access, seenIn, needsRoot } of settings) {
      const skip = needsRoot === true && !isRoot && 'needs root';
      test(`${name}, by ${way}`, { skip }, async (t) => {
        const lab = await createPassingLab({ ...options(), way });
        t.after(() => lab.close());
        if (lab.missing.length > 0) {
          t.skip(`this machine lacks ${lab.missing.join(' ')}`);
          return;
        }
        let passage: RawPassage | undefined;
        const openPassage = async (path: string): Promise<void> => {
          if (seenIn !== undefined) assert.equal(dirname(path), seenIn);
          const { uid, mode } = statSync(path);
          assert.deepEqual([uid, mode & 0o777], access);
          passage = await connectRawPassage(path);
        };
        const { launched, told } = await lab.launch({ request: { openPassage, isolation: 'strict' } });
        assert.deepEqual(await told(), ['ready', true]);
        const client = await passConnection(passage);
        assert.equal(((await told()) as readonly unknown[])[0], 'arrived');
        client.end('hello');
        const [echo] = (await once(client, 'data')) as [Buffer];
        assert.equal(echo.toString(), 'hello');
        await launched.terminate();
      });
    }
  }
});
