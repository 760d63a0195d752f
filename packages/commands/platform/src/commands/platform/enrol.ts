import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { hexOption } from '@enclos/cli-frame/options';
import { toHex } from '@enclos/codec';
import type { CommandInput } from '@enclos/command-line';
import { audited } from './audit.ts';
import { auditOption } from './audit-option.ts';
import {
  enrolMachine,
  installEnrolment,
  issueEnrolment,
  writeEnrolmentRequest,
  type PlatformFacts,
} from './platform.ts';
import { renderPlatform } from './render.ts';

const options = {
  vendor: { type: 'string', value: 'DIR', summary: 'The folder of the vendor: STATE/vendor' },
  machine: { type: 'string', value: 'DIR', summary: 'The folder of the machine: STATE/machine' },
  'request-out': { type: 'string', value: 'FILE', summary: 'On the machine: write its request for the vendor' },
  request: { type: 'string', value: 'FILE', summary: 'At the vendor: the request of a machine' },
  'issue-out': { type: 'string', value: 'FILE', summary: 'At the vendor: write what the machine installs' },
  'allow-separated': {
    type: 'boolean',
    summary: 'At the vendor: certify a machine that says it is separated, which only its operator can know',
  },
  install: { type: 'string', value: 'FILE', summary: 'On the machine: install what the vendor issued' },
  'root-fingerprint': {
    type: 'string',
    value: 'HEX',
    summary: 'On the machine: the root that the operator of the vendor told you; any other is refused',
  },
  reprovision: { type: 'boolean', summary: 'On the machine: leave the root that it was first enrolled under' },
  audit: auditOption,
} as const;

type Options = CommandInput<typeof options>['options'];
type OptionName = keyof Options;

// The keys of an object literal are its own.
const optionNames = Object.keys(options) as readonly OptionName[];
const fingerprintBytes = 32;

export const command = defineCommand({
  description: [
    'Gives a machine its PCK certificate for its present CPUSVN.',
    'With --vendor and --machine both are on this computer.',
    'Otherwise it takes three steps and two files, neither of them secret: the machine writes a request, the vendor issues, the machine installs.',
    '',
    'With software, nothing proves that a machine is what it says.',
    'The operator of the vendor must know whose request it is, and this command shows what was certified.',
    'A separated machine needs --allow-separated: the vendor then tells every verifier that hosts cannot read the platform of this machine, so certify only a machine that is always served with `enclos platform serve --separated`.',
    'The machine keeps the root that it was first enrolled under, and refuses any other.',
    'Anyone who has the key of that root could sign enclaves that get the provisioning keys of the machine, so compare the fingerprint.',
  ],
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
    {
      command:
        'enclos platform enrol --machine state/machine --install pck.json --root-fingerprint 0d4e196d8853526c75e43cad9aba844e6a06cf9e1957b077e1a018cce1d8cd2c',
      summary: 'Third, on the machine',
    },
  ],
  exitCodes: { 1: 'The vendor refuses the request, or the machine refuses what was issued.' },
  run({ options: given }, context) {
    const { io, path } = context;
    const way = wayOf(given);
    return audited({ auditFile: path(given.audit), event: 'enrolment', now: io.now }, () => way.run(given, context));
  },
  human: renderPlatform,
  json: (facts) => facts,
});

interface Way {
  /** The options that choose this way. */
  readonly takes: readonly OptionName[];
  /** The options that it also takes. */
  readonly optional: readonly OptionName[];
  run(given: Options, context: CommandContext): Promise<PlatformFacts>;
}

const ways: readonly Way[] = [
  {
    takes: ['vendor', 'machine'],
    optional: ['reprovision', 'allow-separated'],
    run: ({ vendor = '', machine = '', reprovision, 'allow-separated': allowSeparated }, { io, path }) =>
      enrolMachine({
        vendorFolder: path(vendor),
        machineFolder: path(machine),
        reprovision,
        allowSeparated,
        now: io.now(),
      }),
  },
  {
    takes: ['machine', 'request-out'],
    optional: [],
    run: ({ machine = '', 'request-out': out = '' }, { path }) => writeEnrolmentRequest(path(machine), path(out)),
  },
  {
    takes: ['vendor', 'request', 'issue-out'],
    optional: ['allow-separated'],
    run: ({ vendor = '', request = '', 'issue-out': out = '', 'allow-separated': allowSeparated }, { io, path }) =>
      issueEnrolment({
        vendorFolder: path(vendor),
        requestFile: path(request),
        issueFile: path(out),
        allowSeparated,
        now: io.now(),
      }),
  },
  {
    takes: ['machine', 'install'],
    optional: ['root-fingerprint', 'reprovision'],
    run: ({ machine = '', install = '', 'root-fingerprint': fingerprint, reprovision }, { path }) =>
      installEnrolment({
        machineFolder: path(machine),
        issueFile: path(install),
        reprovision,
        ...(fingerprint === undefined
          ? {}
          : { rootFingerprint: toHex(hexOption('--root-fingerprint', fingerprint, fingerprintBytes)) }),
      }),
  },
];

function wayOf(given: Options): Way {
  const present = optionNames.filter((name) => name !== 'audit' && given[name] !== undefined && given[name] !== false);
  const found = ways.find(
    ({ takes, optional }) =>
      takes.every((name) => present.includes(name)) &&
      present.every((name) => takes.includes(name) || optional.includes(name)),
  );
  if (found === undefined) refuseUsage(`These options do not go together. One of: ${ways.map(describe).join('; ')}.`);
  return found;
}

function describe({ takes, optional }: Way): string {
  return [...takes.map((name) => `--${name}`), ...optional.map((name) => `[--${name}]`)].join(' ');
}
