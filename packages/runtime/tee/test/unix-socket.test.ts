import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  connectToSocket,
  listenOnSocket,
  maxSocketNameBytes,
  removeDeadSocket,
  socketStateAt,
} from '../src/unix-socket.ts';

// Not below TMPDIR: these tests count the bytes of a path.
const base = mkdtempSync('/tmp/enclos-unix-');
after(() => rmSync(base, { recursive: true, force: true }));

/** A new folder whose path has exactly so many bytes. */
function folderOf(sizeBytes: number): string {
  let folder = mkdtempSync(join(base, 'f-'));
  for (let left = sizeBytes - folder.length; left > 0; left = sizeBytes - folder.length) {
    // A part of one byte would leave nothing for the slash of the next.
    const part = left - 1 > 200 ? 150 : left - 1;
    folder = join(folder, 'd'.repeat(Math.max(part, 1)));
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function closed(server: Server): Promise<void> {
  const gone = once(server, 'close');
  server.close();
  await gone;
}

/** Says `here` to everyone who connects. */
async function serve(t: TestContext, path: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('here'));
  t.after(() => server.close());
  await listenOnSocket(server, path);
  return server;
}

async function answerAt(path: string): Promise<string> {
  let text = '';
  for await (const chunk of connectToSocket(path)) text += String(chunk);
  return text;
}

describe('a Unix socket', () => {
  const paths: readonly [what: string, path: () => string][] = [
    ['of 107 bytes, the most that an address holds', () => join(folderOf(105), 's')],
    ['of 108 bytes', () => join(folderOf(106), 's')],
    ['of 150 bytes', () => join(folderOf(148), 's')],
    ['of 250 bytes', () => join(folderOf(248), 's')],
    ['of 3000 bytes', () => join(folderOf(2998), 's')],
    ['with a name of the longest', () => join(folderOf(150), 'n'.repeat(maxSocketNameBytes))],
    ['of fewer than 107 characters and more bytes', () => join(folderOf(60), 'é'.repeat(40))],
    ['with spaces and characters of four bytes', () => join(folderOf(90), '𝄞 '.repeat(10), 's')],
  ];
  for (const [what, pathOf] of paths) {
    test(`${what} is listened on, connected to and removed`, async (t) => {
      const path = pathOf();
      mkdirSync(join(path, '..'), { recursive: true });
      const before = descriptors();
      const server = await serve(t, path);
      assert.ok(statSync(path).isSocket());
      assert.equal(await answerAt(path), 'here');
      assert.equal(await socketStateAt(path), 'answers');
      await closed(server);
      assert.equal(existsSync(path), false);
      assert.equal(descriptors(), before);
    });
  }

  test('is removed in its own folder, even where the folder has another name by then', async (t) => {
    const folder = folderOf(150);
    const server = await serve(t, join(folder, 's'));
    renameSync(folder, `${folder}-moved`);
    mkdirSync(folder);
    writeFileSync(join(folder, 's'), 'of another program');
    await closed(server);
    assert.deepEqual([readdirSync(folder), readdirSync(`${folder}-moved`)], [['s'], []]);
  });

  test('that another process has is not taken, and no descriptor stays', async (t) => {
    const path = join(folderOf(150), 's');
    await serve(t, path);
    const before = descriptors();
    await assert.rejects(listenOnSocket(createServer(), path), { code: 'EADDRINUSE' });
    assert.equal(descriptors(), before);
    assert.equal(await removeDeadSocket(path), 'in-use');
    assert.equal(await answerAt(path), 'here');
  });

  test('does not take the place of a file', async () => {
    const path = join(folderOf(60), 'file');
    writeFileSync(path, 'of another program');
    assert.equal(await removeDeadSocket(path), 'file');
    assert.ok(existsSync(path));
  });

  test('has a bounded name, in a folder that exists', async () => {
    const tooLong = join(folderOf(150), 'n'.repeat(maxSocketNameBytes + 1));
    await assert.rejects(listenOnSocket(createServer(), tooLong), { code: 'ENAMETOOLONG' });
    // Counted in bytes.
    const wide = join(folderOf(150), 'é'.repeat(maxSocketNameBytes / 2 + 1));
    await assert.rejects(listenOnSocket(createServer(), wide), { code: 'ENAMETOOLONG' });
    for (const size of [60, 150]) {
      await assert.rejects(listenOnSocket(createServer(), join(folderOf(size), 'no', 's')), { code: 'ENOENT' });
    }
    await assert.rejects(listenOnSocket(createServer(), `/${'d'.repeat(300)}/s`), { code: 'ENAMETOOLONG' });
  });

  for (const size of [60, 150]) {
    test(`in a folder of ${size} bytes: what does not answer is told apart`, async () => {
      const path = join(folderOf(size), 's');
      assert.equal(await socketStateAt(path), 'absent');
      await assert.rejects(answerAt(path), { code: 'ENOENT' });
      const program = 'require("node:net").createServer().listen("s", () => process.kill(process.pid, "SIGKILL"))';
      spawnSync(process.execPath, ['-e', program], { cwd: join(path, '..') });
      assert.ok(statSync(path).isSocket());
      assert.equal(await socketStateAt(path), 'refuses');
      assert.equal(await removeDeadSocket(path), undefined);
      assert.equal(existsSync(path), false);
      assert.equal(await removeDeadSocket(path), undefined);
      mkdirSync(path);
      assert.equal(await socketStateAt(join(path, '..', '..', 'f'.repeat(300))), 'unknown');
    });
  }

  const skip = process.getuid?.() === 0 ? false : 'needs root';
  test('in a folder that others can only pass through is for its own user', { skip }, async (t) => {
    const folder = folderOf(180);
    for (let at = folder; at.startsWith(base); at = join(at, '..')) chmodSync(at, 0o711);
    const path = join(folder, 's');
    await serve(t, path);
    const answers = (mode: number): string[] => {
      chmodSync(path, mode);
      return [4711, 0].map((user) => stateFor(user, path));
    };
    // This process does not answer while it waits for the other one, but the kernel connects (connect(2)).
    assert.deepEqual(answers(0o666), ['answers', 'answers']);
    assert.deepEqual(answers(0o600), ['unknown', 'answers']);
    chmodSync(folder, 0o700);
    assert.deepEqual(answers(0o666), ['unknown', 'answers']);
  });
});

/** What another user finds there. The repository may be closed to that user, so the module is copied. */
function stateFor(user: number, path: string): string {
  const module = join(base, 'unix-socket.mjs');
  copyFileSync(fileURLToPath(new URL('../src/unix-socket.js', import.meta.url)), module);
  chmodSync(module, 0o644);
  const program = `const { socketStateAt } = await import(${JSON.stringify(module)});
    process.setgroups([]); process.setgid(${user}); process.setuid(${user});
    console.log(await socketStateAt(process.argv[1]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, path], {
    encoding: 'utf8',
  });
  return stdout.trim() || stderr;
}
