import {
  enrolMachine,
  installEnrolment,
  issueEnrolment,
  writeEnrolmentRequest,
  type PlatformFacts,
} from '../actions/platform.ts';
import { defineCommand, type CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { refuseUsage } from '../failure.ts';
import { renderPlatform } from '../render/platform.ts';

const options = {
  vendor: { type: 'string', value: 'DIR', summary: 'The folder of the vendor: STATE/vendor' },
  machine: { type: 'string', value: 'DIR', summary: 'The folder of the machine: STATE/machine' },
  'request-out': { type: 'string', value: 'FILE', summary: 'On the machine: write its request for the vendor' },
  request: { type: 'string', value: 'FILE', summary: 'At the vendor: the request of a machine' },
  'issue-out': { type: 'string', value: 'FILE', summary: 'At the vendor: write what the machine installs' },
  install: { type: 'string', value: 'FILE', summary: 'On the machine: install what the vendor issued' },
} as const;

type Options = CommandInput<typeof options>['options'];
type OptionName = keyof Options;

export const command = defineCommand({
  description:
    'Gives a machine its PCK certificate for its present CPUSVN. With --vendor and --machine both are on this computer. Otherwise three steps carry two files, neither of them secret: the machine writes a request, the vendor issues, the machine installs.\n\nIn software nothing proves that a machine is what it says: the operator of the vendor has to know whose request it is.',
  arguments: {},
  options,
  examples: [
    {
      command: 'enclos platform enrol --vendor state/vendor --machine state/machine',
      summary: 'Both on this computer',
    },
    {
      command: 'enclos platform enrol --machine state/machine --request-out request.json',
      summary: 'First, on the machine',
    },
    {
      command: 'enclos platform enrol --vendor state/vendor --request request.json --issue-out pck.json',
      summary: 'Second, at the vendor',
    },
    { command: 'enclos platform enrol --machine state/machine --install pck.json', summary: 'Third, on the machine' },
  ],
  exitCodes: { 1: 'The vendor refuses the request, or the machine refuses what was issued.' },
  run: ({ options: given }, context) => wayOf(given)(given, context),
  human: renderPlatform,
  json: (facts) => facts,
});

type Way = (given: Options, context: CommandContext) => Promise<PlatformFacts>;

/** Each way to enrol is the set of options that it takes. */
const ways: readonly (readonly [takes: readonly OptionName[], way: Way])[] = [
  [
    ['vendor', 'machine'],
    ({ vendor = '', machine = '' }, { io, path }) =>
      enrolMachine({ vendorFolder: path(vendor), machineFolder: path(machine) }, io.now()),
  ],
  [
    ['machine', 'request-out'],
    ({ machine = '', 'request-out': out = '' }, { path }) => writeEnrolmentRequest(path(machine), path(out)),
  ],
  [
    ['vendor', 'request', 'issue-out'],
    ({ vendor = '', request = '', 'issue-out': out = '' }, { io, path }) =>
      issueEnrolment({ vendorFolder: path(vendor), requestFile: path(request), issueFile: path(out), now: io.now() }),
  ],
  [
    ['machine', 'install'],
    ({ machine = '', install = '' }, { path }) => installEnrolment(path(machine), path(install)),
  ],
];

function wayOf(given: Options): Way {
  const present = Object.keys(options).filter((name) => given[name as OptionName] !== undefined);
  const found = ways.find(
    ([takes]) => takes.length === present.length && takes.every((name) => present.includes(name)),
  );
  if (found === undefined) {
    const list = ways.map(([takes]) => takes.map((name) => `--${name}`).join(' ')).join('; ');
    refuseUsage(`These options do not go together. One of: ${list}.`);
  }
  return found[1];
}
