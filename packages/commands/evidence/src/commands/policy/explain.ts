import { defineCommand } from '@enclos/cli-frame';
import { printable } from '@enclos/command-line';
import { checkPolicy } from './policy.ts';

export const command = defineCommand({
  description: [
    'Says in sentences what a policy accepts and what it refuses, with the rules that it leaves at their defaults.',
    'A policy in the claim-rule language of Azure Attestation is explained rule by rule.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The policy', required: true } },
  options: {},
  examples: [{ command: 'enclos policy explain policy.json', summary: 'Read a policy before signing it off' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path }) => checkPolicy(path(file)),
  human({ sentences }, printer) {
    for (const sentence of sentences) printer.line(`${printer.paint('dim', '·')} ${printable(sentence)}`);
  },
  json: (checked) =>
    checked.language === 'appraisal'
      ? { path: checked.path, policy: checked.policy.rules, sentences: checked.sentences }
      : {
          path: checked.path,
          language: checked.language,
          version: checked.policy.version,
          sentences: checked.sentences,
        },
});
