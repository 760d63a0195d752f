import { defineCommand } from '@enclos/cli-frame';
import { renderTree } from '@enclos/cli-frame/output';
import { explain } from '../../evidence/explain.ts';
import { readInput } from '../../evidence/read-input.ts';

export const command = defineCommand({
  description: [
    'Recognises an SGX or TDX quote, an SEV-SNP report, a certificate that carries evidence, an Open Enclave report, the evidence of an Azure VM, a report of Azure’s paravisor, a token or an attestation result (EAR), by its content and in any wrapping.',
    'It shows each field with its offset, its value, its flags by name, and what they mean.',
    'A file that is cut off is explained as far as it goes; for anything else, it says what the file seems to be.',
    '',
    'Dates that have passed or not yet come are marked.',
    'Nothing is verified: `enclos verify` does that.',
  ],
  arguments: {
    evidence: {
      value: 'EVIDENCE',
      summary: 'A file, - for standard input, or the https address of an attested server',
      required: true,
    },
  },
  options: {},
  examples: [
    { command: 'enclos explain quote.bin', summary: 'Show what a quote says' },
    { command: 'enclos explain token.jwt --json', summary: 'Read the claims of a token from a script' },
  ],
  exitCodes: { 1: 'The server could not be reached.' },
  run: async ({ arguments: { evidence } }, context) =>
    explain(await context.progress.during('reading', () => readInput(evidence, context)), context.io.now()),
  human: ({ title, nodes }, printer) => renderTree(title, nodes, printer),
  json: (explanation) => explanation,
});
