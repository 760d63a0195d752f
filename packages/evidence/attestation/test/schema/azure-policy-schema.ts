import { machineRules } from '../../src/policy/azure-policy.ts';
import { schemasOf } from './rule-schema.ts';

/** One of the published policies, and not one for enclaves. */
const hardware = {
  allOf: [{ $ref: 'policy.schema.json' }, { properties: { tee: { enum: ['sev-snp', 'tdx'] } }, required: ['tee'] }],
};

/** The JSON Schema (draft 2020-12) of policies for Azure VMs, as published in `schema/azure-policy.schema.json`. */
export function azurePolicySchemaDocument(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Appraisal policy of Enclos for an Azure VM',
    description: 'What a relying party accepts of the vTPM of an Azure confidential VM, and of the hardware below it.',
    type: 'object',
    properties: { ...schemasOf(machineRules), hardware },
    required: ['tee', 'pcrs', 'requireSecureBoot', 'hardware'],
    additionalProperties: false,
  };
}
