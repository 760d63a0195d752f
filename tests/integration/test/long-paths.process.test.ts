import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createSeparatedSite, hostUsers, separationSkipped } from '@enclos/process-kit/separated/separated';
import {
  enclosBin as bin,
  repository,
  startProgram,
  type Ran,
  type Running,
} from '@enclos/process-kit/processes/programs';

// Not below TMPDIR: what counts here is the number of bytes of a path.
const base = mkdtempSync('/tmp/enclos-long-');
after(() => rmSync(base, { recursive: true, force: true }));

/** A folder whose path has so many bytes, made of repetitions of `text`. */
function folderOf(sizeBytes: number, text: string): string {
  let folder = base;
  while (Buffer.byteLength(folder) < sizeBytes) {
    const left = sizeBytes - Buffer.byteLength(folder) - 1;
    folder = join(folder, text.repeat(Math.max(1, Math.floor(Math.min(left, 120) / Buffer.byteLength(text)))));
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

// A socket's address holds 107 bytes (unix(7)).
const folders: readonly [what: string, folder: string][] = [
  ['of 250 bytes', folderOf(250, 'p')],
  ['of fewer than 107 characters and more bytes', folderOf(150, 'Ω ß')],
];

for (const [what, folder] of folders) {
  describe(`in a folder with a path ${what}`, () => {
    const project = join(folder, 'greeter');
    const env = { TMPDIR: folder, HOME: folder, XDG_STATE_HOME: join(folder, 'state of the user'), XDG_CACHE_HOME: '' };
    const start = (argv: readonly string[], cwd = project): Running =>
      startProgram([process.execPath, bin, ...argv], { cwd, env });
    const enclos = async (argv: readonly string[], cwd = project): Promise<Ran> => {
      const ran = await start(argv, cwd).ended;
      assert.equal(ran.code, 0, ran.stderr);
      return ran;
    };
    const greeting = /^Good \w+, Ada\. \(greeting 1\)\nGood \w+, Grace\. \(greeting 2\)\n$/;

    test('new and run: with a platform that it starts, whose sockets are below TMPDIR', async () => {
      await enclos(['new', 'greeter'], folder);
      symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
      assert.match((await enclos(['run', '--isolation', 'best'])).stdout, greeting);
      const left = readdirSync(folder).filter((name) => name.startsWith('enclos-run-'));
      assert.deepEqual(left, []);
    });

    test('dev: the host program finds the tool that started it, whose socket is below TMPDIR too', async () => {
      const dev = start(['dev', '--isolation', 'best']);
      await dev.until(/Good \w+, Grace\./);
      dev.child.kill('SIGINT');
      await dev.ended;
      const left = readdirSync(folder).filter((name) => /^enclos-(?:run|tool)-/.test(name));
      assert.deepEqual(left, []);
    });

    test('platform serve with an audit log, and run on it', async () => {
      await enclos(['platform', 'init', '--state', 'state']);
      const serving = ['platform', 'serve', '--state', 'state', '--listen', '127.0.0.1:0', '--audit', 'audit.log'];
      const killed = start(serving);
      await killed.until(/The platform is ready\.[^]*isolation/);
      assert.match(
        (await enclos(['run', '--platform', 'state/platform.sock', '--isolation', 'best'])).stdout,
        greeting,
      );
      const second = await start(serving).ended;
      assert.match(second.stderr, /CLI_ADDRESS_IN_USE/);
      killed.child.kill('SIGKILL');
      await killed.ended;

      const next = start(serving);
      await next.until(/The platform is ready\.[^]*isolation/);
      assert.match(
        (await enclos(['run', '--platform', 'state/platform.sock', '--isolation', 'best'])).stdout,
        greeting,
      );
      next.child.kill('SIGTERM');
      await next.ended;
      assert.equal(existsSync(join(project, 'state/platform.sock')), false);
      await enclos(['platform', 'audit', 'verify', 'audit.log']);
    });
  });
}

const skip = separationSkipped();
test('a separated platform in such a folder: each host reaches its own socket, and no other', { skip }, async () => {
  const site = await createSeparatedSite(undefined, 'd'.repeat(150));
  try {
    site.enclos('platform', 'init', '--state', site.state, '--separated');
    const parties = ['--vendor', `${site.state}/vendor`, '--machine', `${site.state}/machine`];
    assert.equal(site.enclos('platform', 'enrol', ...parties, '--allow-separated').code, 0);
    const platform = await site.serve();
    const [host, other] = [await site.host(hostUsers[0]), await site.host(hostUsers[1])];
    assert.ok(Buffer.byteLength(platform.socketOf(host.user)) > 107);
    await host.does('connect', platform.socketOf(host.user));
    assert.equal(await host.does('load'), 0);
    assert.equal(await host.does('echo', 0, 'aGVsbG8='), 'aGVsbG8=');
    assert.equal(await other.attempt('connect', platform.socketOf(host.user)), 'TEE_PLATFORM_UNREACHABLE');
    await other.does('connect', platform.socketOf(other.user));
    await platform.stop('SIGTERM');
  } finally {
    await site.close();
  }
});
