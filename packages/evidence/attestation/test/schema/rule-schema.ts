import { timePattern, type Rule, type RuleForm } from '../../src/policy/policy-rules.ts';

export type Schema = Readonly<Record<string, unknown>>;

const string = { type: 'string' };
const time = { type: 'string', pattern: timePattern.source };
const plain: Readonly<Record<(RuleForm & readonly [string])[0], Schema>> = {
  boolean: { type: 'boolean' },
  string,
  strings: someOf(string),
  time,
  advisories: {
    type: 'array',
    items: {
      anyOf: [
        string,
        {
          type: 'object',
          properties: { id: string, until: time },
          required: ['id', 'until'],
          additionalProperties: false,
        },
      ],
    },
  },
};

/** The JSON Schema of what a rule reads. */
export function schemaOf({ form }: Rule<unknown>): Schema {
  switch (form[0]) {
    case 'integer':
      return { type: 'integer', minimum: 0, maximum: form[1] };
    case 'word':
      return { const: form[1] };
    case 'words':
      return someOf({ enum: form[1] });
    case 'hexes':
      return someOf({ type: 'string', pattern: form[1] });
    case 'any':
      return { anyOf: [{ const: 'any' }, schemaOf(form[1])] };
    case 'durations':
      return durations(form[1]);
    case 'nested':
      return nested(form[1], form[2]);
    default:
      return plain[form[0]];
  }
}

/** The schemas of a table of rules, by name. */
export function schemasOf(rules: Readonly<Record<string, Rule<unknown>>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, schemaOf(rule)]));
}

function someOf(items: Schema): Schema {
  return { type: 'array', minItems: 1, items };
}

function durations(names: readonly string[]): Schema {
  const duration = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
  const properties = Object.fromEntries(names.map((name) => [name, duration]));
  return { anyOf: [duration, { type: 'object', properties, additionalProperties: false }] };
}

function nested(table: Readonly<Record<string, Rule<unknown>>>, required: readonly string[]): Schema {
  const least = required.length === 0 ? { minProperties: 1 } : {};
  return { type: 'object', properties: schemasOf(table), required, ...least, additionalProperties: false };
}
