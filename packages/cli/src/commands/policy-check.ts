import { checkPolicy } from '../actions/policy.ts';
import { defineCommand } from '../command.ts';
import { teeOf } from '../policy/check.ts';

export const command = defineCommand({
  description:
    'Reads a policy as `enclos verify --policy` does, and marks everything that is wrong with it: rules that are missing, unknown or malformed.',
  arguments: { file: { value: 'FILE', summary: 'The policy', required: true, extensions: ['json'] } },
  options: {},
  examples: [{ command: 'enclos policy check policy.json', summary: 'Check a policy before it is used' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path }) => checkPolicy(path(file)),
  human({ path, policy }, printer) {
    printer.line(`${printer.paint('green', '✔')} ${path} is a policy for ${names[teeOf(policy)]}.`);
  },
  json: ({ path, policy }) => ({ path, tee: teeOf(policy), policy: policy.rules }),
});

const names = { sgx: 'SGX', tdx: 'TDX', 'sev-snp': 'SEV-SNP', 'azure-vtpm': 'Azure VMs' } as const;
