import { defineCommand } from '@enclos/cli-frame';
import { runGo } from '@enclos/go-toolchain';
import { goArguments, goOptions, goRest, goRun } from './toolchain.ts';

export const command = defineCommand({
  description: [
    'Runs `go install` with the overlay of `enclos go build`: the programs in GOBIN can be run as they are, and can be the program of an enclave.',
  ],
  arguments: goArguments,
  options: goOptions,
  rest: goRest,
  examples: [{ command: 'enclos go install -- ./cmd/...', summary: 'Install every program of a module' }],
  exitCodes: { 1: 'A package could not be built.' },
  async run({ arguments: { folder }, options: { go }, rest }, context) {
    const options = await goRun({ folder, go, rest }, context, '.');
    const { io } = context;
    return runGo('install', { ...options, onOutput: (text) => io.stderr.write(text) });
  },
  human({ exitCode, goVersion, overlaySha256 }, printer) {
    if (exitCode !== 0) return;
    printer.line(`${printer.paint('green', '✔')} installed with ${goVersion}, overlay ${overlaySha256.slice(0, 16)}`);
  },
  json: ({ goVersion, overlaySha256, exitCode }) => ({ goVersion, overlaySha256, exitCode }),
  exitCode: ({ exitCode }) => (exitCode === 0 ? 0 : 1),
});
