import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { toEnclosError } from '@enclos/cli-frame/failures';
import { listenAt } from '@enclos/cli-frame/http-server';
import { enclos, newProject, repository, temporaryFolder } from './cli.ts';

/** What a person sees of a command that must fail. */
async function refused(argv: readonly string[], cwd: string): Promise<string> {
  const ran = await enclos(argv, { cwd });
  assert.notEqual(ran.code, 0, ran.stdout);
  return ran.stderr;
}

test('a folder that is not a project is named as it was typed, also below a link', async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'real/empty'), { recursive: true });
  symlinkSync('real', join(cwd, 'link'));
  const advice = 'so it is not a project: name the folder of one, or make one with `enclos new`.\n';
  assert.ok(
    (await refused(['build', 'link/empty'], cwd)).includes(`There is no enclave.json in ${cwd}/link/empty, ${advice}`),
  );
  assert.ok((await refused(['build', 'link/none'], cwd)).includes(`There is no folder ${cwd}/link/none, ${advice}`));
  writeFileSync(join(cwd, 'file'), '');
  assert.ok((await refused(['build', 'file'], cwd)).includes(`${cwd}/file is a file, ${advice}`));
  mkdirSync(join(cwd, 'odd/enclave.json'), { recursive: true });
  assert.ok((await refused(['run', 'odd'], cwd)).includes(`Cannot read ${cwd}/odd/enclave.json: it is a folder.\n`));
});

test('a missing source is named, with the member of enclave.json that names it', async () => {
  const folder = await newProject('lost');
  renameSync(join(folder, 'src/lost.enclave.ts'), join(folder, 'src/app.ts'));
  const byName = await refused(['build'], folder);
  const expected = `There is no src/lost.enclave.ts in ${folder}: "name" of enclave.json stands for it, as there is no "main".`;
  assert.ok(byName.includes(expected), byName);
  const manifest = join(folder, 'enclave.json');
  const settings = JSON.parse(readFileSync(manifest, 'utf8')) as object;
  writeFileSync(manifest, JSON.stringify({ ...settings, main: 'src/gone.ts' }));
  const byMain = `There is no src/gone.ts in ${folder}: "main" of enclave.json names it.\n`;
  assert.ok((await refused(['build'], folder)).includes(byMain));
  writeFileSync(manifest, JSON.stringify({ ...settings, main: 'src/app.ts', interface: 'src/no.edl.ts' }));
  assert.match(
    await refused(['build'], folder),
    /There is no src\/no.edl.ts in .*: "interface" of enclave.json names it.\n/,
  );
});

test('a file that is not a key is named, with the command that makes one', async () => {
  const folder = await newProject('keys');
  const wrong =
    /✖ SIGNING_KEY_INVALID: \/\S+\/package.json: Not an unencrypted private key in PEM.\n {2}path: .*\n {2}next: Make a key with `enclos keygen FILE`/;
  assert.match(await refused(['run', '--key', 'package.json'], folder), wrong);
  assert.match(await refused(['sign', '--key', 'package.json'], folder), wrong);
});

test('a host program that is a folder, and a project over a file, are refused in words', async () => {
  const folder = await newProject('folders');
  assert.match(await refused(['run', '--host', 'src'], folder), /CLI_HOST_MISSING: src in \/\S+ is not a file\.\n/);
  writeFileSync(join(folder, 'taken'), '');
  assert.match(
    await refused(['new', 'taken'], folder),
    /taken is there already, and is not a folder. Choose another name.\n/,
  );
  assert.match(await refused(['inspect', 'src'], folder), /Cannot read \/\S+\/src: it is a folder\.\n/);
});

test('a platform never takes the place of a file that is not a socket', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'notes.txt'), 'kept');
  const text = await refused(['platform', 'serve', '--state', 'state', '--socket', 'notes.txt'], cwd);
  assert.match(text, /CLI_USAGE: \/\S+\/notes.txt is not a socket, so a platform does not take its place\.\n/);
  assert.equal(readFileSync(join(cwd, 'notes.txt'), 'utf8'), 'kept');
});

test('an address that cannot be listened at is named with the reason', async () => {
  const seen = async (host: string, port = 0): Promise<string> =>
    listenAt(createServer(), { host, port }).then(String, (error: unknown) => toEnclosError(error).message);
  // An address for documentation (RFC 5737), and a name that never resolves (RFC 6761).
  assert.equal(
    await seen('192.0.2.1', 8081),
    'Cannot listen at 192.0.2.1:8081: this machine has no such address (EADDRNOTAVAIL).',
  );
  assert.match(
    await seen('nowhere.invalid'),
    /^Cannot look up nowhere\.invalid: no host has this name \(ENOTFOUND\)\.$|EAI_AGAIN/,
  );
  // As node:net makes it. Not every machine has IPv6.
  const error = { errno: -99, code: 'EADDRNOTAVAIL', syscall: 'listen', address: '2001:db8::1', port: 8081 };
  assert.equal(
    toEnclosError(Object.assign(new Error('listen EADDRNOTAVAIL'), error)).message,
    'Cannot listen at [2001:db8::1]:8081: this machine has no such address (EADDRNOTAVAIL).',
  );
  const first = createServer();
  const port = await listenAt(first, { host: '127.0.0.1', port: 0 });
  assert.equal(await seen('127.0.0.1', port), `Another program already listens at 127.0.0.1:${port}.`);
  first.close();
});

test('a full disk is reported with the file that it had no room for', (t) => {
  const folder = temporaryFolder();
  const program = join(repository, 'packages/cli/bin/enclos.js');
  const script = `mount -t tmpfs -o size=16k none ${folder} || exit 99; cd ${folder}; "${process.execPath}" "${program}" new app`;
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const ran = spawnSync('unshare', [...asUser, '--mount', 'sh', '-c', script], { encoding: 'utf8' });
  if (ran.error !== undefined || ran.status === 99 || ran.stderr.includes('unshare')) {
    t.skip('no file system can be mounted');
    return;
  }
  assert.match(ran.stderr, /✖ CLI_SYSTEM_REFUSED: Cannot write \/\S+\/app\/[\w./-]+: the disk is full \(ENOSPC\)\.\n/);
  assert.doesNotMatch(ran.stderr, /enclos-new-/);
  assert.equal(existsSync(join(folder, 'app')), false);
});
