import { defineCommand } from '@enclos/cli-frame';
import { runGo } from '@enclos/go-toolchain';
import { goArguments, goOptions, goRest, goRun } from './toolchain.ts';

export const command = defineCommand({
  description: [
    'Runs `go test` with the overlay of `enclos go build` and with the Go modules that Enclos carries, so that what imports them is found.',
    'The tests run outside an enclave, where the standard library behaves as ever: files and network are those of the machine.',
  ],
  arguments: goArguments,
  options: goOptions,
  rest: goRest,
  examples: [
    { command: 'enclos go test', summary: 'Test every package of the module in this folder' },
    { command: 'enclos go test -- -run=TestServer -v ./server', summary: 'Run some tests of one package' },
  ],
  exitCodes: { 1: 'A test failed, or a package could not be built.' },
  async run({ arguments: { folder }, options: { go }, rest }, context) {
    const options = await goRun({ folder, go, rest }, context, './...');
    const { io } = context;
    return runGo('test', { ...options, onOutput: (text) => io.stderr.write(text) });
  },
  human: () => undefined,
  json: ({ goVersion, overlaySha256, exitCode }) => ({ goVersion, overlaySha256, exitCode }),
  exitCode: ({ exitCode }) => (exitCode === 0 ? 0 : 1),
});
