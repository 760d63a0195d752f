import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { listenPrivately } from '../../src/platform/listen-privately.ts';
import { temporaryFolder } from '../support.ts';

const refused = { code: 'PLATFORM_SOCKET_REFUSED' };

describe('a private socket', () => {
  test('is for one user alone, from the moment in which it appears', async () => {
    const path = join(temporaryFolder(), 's');
    const server = createServer();
    const mask = process.umask();
    const listening = listenPrivately(server, path);
    // It is there already, and nothing was waited for.
    assert.equal(statSync(path).mode & 0o077, 0);
    await listening;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(process.umask(), mask);
    server.close();
  });

  test('may be in a folder with a long path, and is private there from its first moment too', async () => {
    const folder = join(temporaryFolder(), 'x'.repeat(150), 'é'.repeat(60));
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 's');
    const server = createServer();
    const listening = listenPrivately(server, path);
    assert.equal(statSync(path).mode & 0o077, 0);
    await listening;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await assert.rejects(listenPrivately(createServer(), path), refused);
    server.close();
  });

  test('has a name that fits, in a folder that exists', async () => {
    const folder = temporaryFolder();
    const long = join(folder, 'x'.repeat(108));
    await assert.rejects(listenPrivately(createServer(), long), { ...refused, message: /at most 85 bytes/ });
    await assert.rejects(listenPrivately(createServer(), join(folder, 'no', 's')), {
      ...refused,
      message: /no.s: its folder is not there\.$/,
    });
  });

  const skip = process.getuid?.() === 0 ? false : 'needs root';
  test('of another user belongs to that user, who connects; a third cannot', { skip }, async (t) => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o711);
    const inside = join(folder, 'run');
    mkdirSync(inside);
    chmodSync(inside, 0o711);
    if ((statSync(tmpdir()).mode & 0o001) === 0) return t.skip('other users cannot enter the temporary folder');
    const path = join(inside, 's');
    const server = createServer((socket) => socket.destroy());
    await listenPrivately(server, path, 4711);
    assert.deepEqual([statSync(path).uid, statSync(path).mode & 0o777], [4711, 0o600]);
    // connect(2) does not wait until the connection is accepted. The error is that of the program: perl-base is on every Debian.
    const connecting =
      'use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); print connect($s, pack_sockaddr_un($ARGV[0])) ? "done" : $!+0';
    const as = (user: number): string =>
      spawnSync('perl', ['-e', connecting, path], { uid: user, gid: user, encoding: 'utf8' }).stdout;
    assert.deepEqual([as(4711), as(4712)], ['done', '13']);
    server.close();
  });
});
