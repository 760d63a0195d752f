import { sgxRules, tdxRules, type Rule } from '../../src/policy/policy-rules.ts';
import { schemasOf } from './rule-schema.ts';
import { mandatorySnpRules, snpRules } from '../../src/policy/snp-policy.ts';

/** The JSON Schema (draft 2020-12) of policies, as published in `schema/policy.schema.json`. */
export function policySchemaDocument(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Appraisal policy of Enclos',
    description: 'What a relying party accepts of an SGX enclave, of a TDX trust domain, or of an SEV-SNP guest.',
    anyOf: [
      {
        ...objectSchema(sgxRules),
        required: ['acceptedStatuses', 'intelRoot', 'minimumSecurityVersion'],
        ...sgxIdentity,
      },
      {
        ...objectSchema(tdxRules),
        required: ['tee', 'acceptedStatuses', 'intelRoot', 'mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'],
        ...root,
      },
      { ...objectSchema(snpRules), required: mandatorySnpRules, ...providerOfVlek },
    ],
  };
}

const needs = (...names: readonly string[]): Readonly<Record<string, unknown>> => ({ required: names });
const root = {
  anyOf: [needs('softwareRoots'), { properties: { intelRoot: { const: true } } }],
};
const sgxIdentity = {
  allOf: [root, { anyOf: [needs('mrEnclave'), needs('mrSigner')] }],
  dependentRequired: { mrSigner: ['productId'] },
};
const providerOfVlek = {
  anyOf: [needs('cspIds'), { properties: { signingKeys: { type: 'array', items: { const: 'VCEK' } } } }],
};

function objectSchema(rules: Readonly<Record<string, Rule<unknown>>>): Readonly<Record<string, unknown>> {
  return { type: 'object', properties: schemasOf(rules), additionalProperties: false };
}
