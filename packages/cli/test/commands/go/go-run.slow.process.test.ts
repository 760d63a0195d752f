import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram, goTest } from '@enclos/testkit';
import { temporaryFolder } from '../../cli.ts';
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
