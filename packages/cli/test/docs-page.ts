import '../src/errors.ts';
import type { Entry } from '@enclos/cli-frame';
import { argumentRows, exitCodeRows, exitCodes, optionRows, paragraphsOf, usageLine } from '@enclos/command-line';
import { registry } from '../src/registry.ts';

/** A policy that accepts one software platform of one signer, for the page and the tests. */
export const policyExample: Readonly<Record<string, unknown>> = Object.freeze({
  mrSigner: ['4db3c2a79701a17fa4bfec856394f8cc18d0efe714241475c20e1e37f6c5849d'],
  productId: 1,
  minimumSecurityVersion: 1,
  acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
  acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
  intelRoot: false,
  softwareRoots: ['0d4e196d8853526c75e43cad9aba844e6a06cf9e1957b077e1a018cce1d8cd2c'],
});

/** A policy that accepts one guest on Milan processors, for the page and the tests. */
export const guestPolicyExample: Readonly<Record<string, unknown>> = Object.freeze({
  tee: 'sev-snp',
  measurements: ['3a1f0c5e9d3e2f1a0b9c8d7e6f5a4b3c2d1e0f00a1b2c3d4e5f60718293a4b5c6d7e8f9000a1b2c3d4e5f60718293a4b'],
  minimumGuestSvn: 1,
  vmpl: 0,
  roots: ['9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9'],
  signingKeys: ['VCEK'],
  minimumTcb: { Milan: { bootloader: 4, tee: 0, snp: 24, microcode: 219 } },
  allowSmt: false,
  allowMultipleSockets: false,
});

const environment = [
  ['`NO_COLOR`', 'Not empty: no colours. A pipe never gets any.'],
  ['`FORCE_COLOR`', '`0`: no colours. Anything else: colours, even for a pipe. It wins over `NO_COLOR`.'],
  ['`SOURCE_DATE_EPOCH`', 'Seconds since 1970: the date that `sign` and `run` put into a signature.'],
  ['`XDG_STATE_HOME`', 'The state folder of this user is `enclos` in it; `~/.local/state/enclos` when it is unset.'],
  [
    '`XDG_CACHE_HOME`',
    'Collateral is kept in `enclos/collateral` in it; in `~/.cache/enclos/collateral` when it is unset.',
  ],
  ['`ENCLOS_STACK`', '`1`: an error shows its whole stack, in `enclos` and in host programs.'],
] as const;

/** `docs/reference/cli.md`: every command, from the registry that runs them. */
export async function cliPage(): Promise<string> {
  const sections = await Promise.all(registry.map(commandSection));
  return `${[introduction(), ...sections, policySection()].join('\n\n')}\n`;
}

function introduction(): string {
  return `# The enclos command

<!-- Written by \`npm run docs -w @enclos/cli\` from the command registry. Do not edit by hand. -->

\`enclos help\` lists the commands and \`enclos help COMMAND\` shows one of them.
Every command is also an exported function of \`@enclos/cli\`.

${table(
  ['command', ''],
  registry.map(({ name, summary }) => [link(name.join(' ')), summary]),
)}

## Exit codes

${table(['code', 'meaning'], Object.entries(exitCodes))}

\`enclos run\` ends with the exit code of the host program once that has started.

## JSON

With \`--json\` standard output holds one JSON value and nothing else; progress and notices go to standard error.
A command that fails prints \`{"error": {"code", "message", "next", "details"}}\`, with \`diagnostics\` when source files are
at fault. [errors.md](errors.md) lists the codes.

## Environment

${table(['variable', 'meaning'], environment)}`;
}

async function commandSection(entry: Entry): Promise<string> {
  const command = await entry.load();
  const name = entry.name.join(' ');
  const rows = (title: string, list: readonly (readonly [string, string])[]): readonly string[] =>
    list.length === 0
      ? []
      : [
          table(
            [title, ''],
            list.map(([left, right]) => [`\`${left.replaceAll('|', '\\|')}\``, right]),
          ),
        ];
  const examples = command.examples.flatMap((example) => [`# ${example.summary}`, example.command]);
  return [
    `## enclos ${name}`,
    `${entry.summary}.`,
    `\`\`\`text\n${usageLine(`enclos ${name}`, command)}\n\`\`\``,
    ...paragraphsOf(command.description),
    ...rows('argument', argumentRows(command)),
    ...rows('option', optionRows(command)),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
    ...rows('exit code', exitCodeRows(command)),
  ].join('\n\n');
}

function policySection(): string {
  const block = (policy: object): string => `\`\`\`json\n${JSON.stringify(policy, undefined, 2)}\n\`\`\``;
  return `## Policy files

The file that \`enclos verify --policy\` reads is JSON, in one format for every TEE: \`tee\` is \`sgx\` (also when it is not
there), \`tdx\` or \`sev-snp\`. [The rules](../../packages/evidence/attestation/docs/policy.md) are those of \`SgxPolicy\`, \`TdxPolicy\` and
\`SnpPolicy\` of \`@enclos/attestation\`, whose \`schema/policy.schema.json\` is the JSON Schema. An unknown rule is refused.
\`enclos policy init\` writes one, \`check\` marks what is wrong with it, \`explain\` says what it accepts. This one accepts a
signer's product on one software platform in single-user mode:

${block(policyExample)}

And this one a guest on AMD's Milan processors, signed by a chip's key:

${block(guestPolicyExample)}

\`policy check\` and \`explain\` also read policies for Azure Attestation, which \`policy test\` and \`format\` are for: those
are written in [their own language](claim-rules.md).`;
}

function link(name: string): string {
  return `[\`${name}\`](#enclos-${name.replaceAll(' ', '-')})`;
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), '|---|---|', ...rows.map(line)].join('\n');
}
