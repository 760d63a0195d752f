import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { egoEnv } from '../../running/environment.ts';

export const command = defineCommand({
  description: [
    'Runs a command, such as make, for which `go build`, `go test` and `go install` are those of `enclos go`.',
    'Everything else of Go is Go’s own. `ego-go` is the same program.',
  ],
  arguments: {},
  options: {},
  rest: { value: 'COMMAND', summary: 'The command, and its arguments' },
  examples: [{ command: 'enclos ego env -- make', summary: 'Build a Go project that has a Makefile' }],
  exitCodes: { 1: 'Comes from the command, as every other code.' },
  async run({ rest }, { io }) {
    if (rest.length === 0) refuseUsage('A command is missing: enclos ego env -- make');
    return egoEnv(rest, io);
  },
  exitCode: (code) => code,
});
