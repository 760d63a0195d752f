import { renderDiagnostic } from '@enclos/build/diagnostics';
import { defineCommand } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { checkPolicy } from './policy.ts';
import { teeOf } from '../../evidence/appraisal-policy.ts';

export const command = defineCommand({
  description: [
    'Reads a policy as `enclos verify --policy` does, and marks everything that is wrong with it: missing, unknown and malformed rules.',
    '',
    'A policy in the claim-rule language of Azure Attestation is recognised by its text, and checked by the rules of that language.',
    'It may be in the JWS that sets it, or in the answer of the service to `GET /policies/{type}`: JSON with a token, or the token alone.',
    'Their signatures are not checked.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The policy', required: true } },
  options: {},
  examples: [{ command: 'enclos policy check policy.json', summary: 'Check a policy before it is used' }],
  exitCodes: {},
  run: ({ arguments: { file } }, { path }) => checkPolicy(path(file)),
  human(checked, printer) {
    const { path } = checked;
    if (checked.language === 'claim-rules') {
      for (const warning of checked.warnings) {
        printer.line(renderDiagnostic(warning, { color: printer.color, width: printer.width }));
        printer.line();
      }
      const { policy, foundIn, warnings } = checked;
      const is = foundIn === undefined ? 'is' : `is ${foundIn}, whose signature was not checked, with`;
      const mark = warnings.length === 0 ? 'ok' : 'warning';
      printer.line(`${markOf(mark, printer)} ${path} ${is} a policy of claim rules, version ${policy.version}.`);
      return;
    }
    printer.line(`${markOf('ok', printer)} ${path} is a policy for ${names[teeOf(checked.policy)]}.`);
  },
  json: (checked) => {
    const { path } = checked;
    if (checked.language === 'appraisal') {
      return { path, tee: teeOf(checked.policy), policy: checked.policy.rules };
    }
    const { policy, warnings, foundIn } = checked;
    const rules = Object.fromEntries(policy.sections.map((section) => [section.name, section.rules.length]));
    const where = foundIn === undefined ? {} : { foundIn };
    return { path, language: checked.language, ...where, version: policy.version, rules, warnings };
  },
});

const names = { sgx: 'SGX', tdx: 'TDX', 'sev-snp': 'SEV-SNP', 'azure-vtpm': 'Azure VMs' } as const;
