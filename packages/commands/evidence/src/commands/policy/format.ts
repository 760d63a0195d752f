import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { EnclosError } from '@enclos/errors';
import { formatPolicyFile } from './claim-rules.ts';

export const command = defineCommand({
  description: [
    'Prints a policy in the claim-rule language of Azure Attestation in its standard form, with its comments.',
    'A service hashes the text of a policy, so another form is another policy to anyone who compares the hash.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The policy', required: true } },
  options: {
    check: { type: 'boolean', summary: 'Print nothing, and fail unless the file already has this form' },
    write: { type: 'boolean', summary: 'Write it back into the file' },
  },
  examples: [
    { command: 'enclos policy format sgx.policy --write', summary: 'Format a policy' },
    { command: 'enclos policy format sgx.policy --check', summary: 'Check the form in a pipeline' },
  ],
  exitCodes: { 2: 'The file is not a policy; or with --check, it has another form.' },
  async run({ arguments: { file }, options: { check, write } }, { path }) {
    if (check && write) refuseUsage('Give either --check or --write.');
    return { ...(await formatPolicyFile(path(file), write)), check, write };
  },
  human({ path, text, changed, check, write }, printer) {
    if (!check && !write) printer.line(text.trimEnd());
    else if (!changed) printer.line(`${markOf('ok', printer)} ${path} is formatted`);
    else if (write) printer.line(`${markOf('ok', printer)} formatted ${path}`);
  },
  json: ({ path, text, changed, written }) => ({ path, changed, written, text }),
  failure: ({ path, changed, check }) =>
    check && changed
      ? new EnclosError('CLI_POLICY_UNFORMATTED', `${path} is not in the standard form.`, { details: { path } })
      : undefined,
});
