import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, goProgram, goTest } from '@enclos/testkit';
import { enclos, newProject, temporaryFolder } from '../../cli.ts';
import { startCli } from '../../running-cli.ts';

const main = `package main

import (
	"fmt"
	"os"
)

func main() {
	name, _ := os.Hostname()
	fmt.Println("inside", name, os.Args[1])
	os.Exit(7)
}
`;

const enclaveJson = JSON.stringify({
  name: 'greeter',
  productId: 1,
  securityVersion: 1,
  program: { file: 'bin/greeter', arguments: ['measured'] },
});

goTest('enclos go run builds a program, runs it as an enclave, and ends as it ends', async () => {
  const folder = temporaryFolder();
  const files = { 'go.mod': 'module greeter\n\ngo 1.21\n', 'main.go': main, 'enclave.json': enclaveJson };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const argv = ['go', 'run', '--go', goProgram, '--isolation', 'best'];
  const cli = startCli(argv, { cwd: folder, state: temporaryFolder() });
  assert.equal(await cli.ended, 7, cli.text());
  assert.match(cli.text(), /^inside greeter measured$/m);
});

goTest('a new project in Go passes its tests, and proves itself to its clients', async () => {
  const folder = await newProject('ballot', ['--template', 'go']);
  const tested = await enclos(['go', 'test', '--go', goProgram], { cwd: folder, env: process.env });
  assert.equal(tested.code, 0, tested.stderr);
  const built = await enclos(['go', 'build', '--go', goProgram], { cwd: folder, env: process.env });
  assert.equal(built.code, 0, built.stderr);
  const port = await freePort();
  const words = ['run', '--isolation', 'best', '--', '--listen', `clients=${port}`];
  const running = startCli(words, { cwd: folder, state: temporaryFolder() });
  try {
    await running.until(/listening at port 8443/);
    const policy = [
      'policy',
      'init',
      '--from',
      `localhost:${port}`,
      '--single-user',
      '--out',
      join(folder, 'policy.json'),
    ];
    const read = await enclos(policy, { cwd: folder });
    assert.equal(read.code, 0, read.stderr);
  } finally {
    running.child.kill('SIGTERM');
    await running.ended;
  }
});
