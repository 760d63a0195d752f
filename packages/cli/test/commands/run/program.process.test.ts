import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeTest, privateProgram, programFile } from '@enclos/testkit';
import { enclos, errorOf, jsonLines, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
/** By the real clock: the platform is another process. */
const run = (...argv: readonly string[]) =>
  enclos(['run', ...argv], { cwd: folder, env: process.env, now: () => new Date() });

nativeTest('a static program runs without a project, with its connections and arguments', async () => {
  const tries = ['try', 'echo it runs', 'address db.example', 'connect 192.0.2.1 80'];
  const words = ['--connect', 'db=db.example:5432', '--isolation=best', '--state', 'state', '--', ...tries];
  const ran = await run(privateProgram(), ...words);
  assert.equal(ran.code, 0, ran.stderr);
  const lines = ['echo it runs=it runs', 'address db.example=127.1.0.1', 'connect 192.0.2.1 80=ENETUNREACH'];
  // A slow machine says that one is being made.
  assert.doesNotMatch(ran.stderr, /made a development key/, 'its key is gone after the run');
  for (const line of lines) assert.ok(ran.stdout.split('\n').includes(line), `${line} in ${ran.stdout}`);
});

nativeTest('a program that cannot be started ends the command', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  // The address of a server that listens on a port is never text.
  const { port } = taken.address() as AddressInfo;
  const ran = await run(privateProgram(), `--listen=web=${port}`, '--isolation=best', '--state', 'state', '--', 'try');
  assert.notEqual(ran.code, 0);
  assert.match(ran.stderr, /EADDRINUSE|in use/);
});

test('connections on the command line are for programs, and a program is a static one', async () => {
  const project = await run('.', '--listen', 'web=8080', '--json');
  assert.deepEqual([project.code, errorOf(project).code], [2, 'CLI_USAGE']);
  writeFileSync(join(folder, 'dynamic'), programFile({ segments: [{ type: 3, flags: 4, offset: 64, sizeBytes: 4 }] }));
  const refused = await run('dynamic', '--json');
  const { error } = jsonLines(refused.stdout).at(-1) ?? {};
  assert.match(JSON.stringify(error), /PROGRAM_REFUSED/);
});
