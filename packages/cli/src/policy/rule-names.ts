import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isRecord } from '../evidence/text-forms.ts';

const schemaFile = '@enclos/attestation/schema/policy.schema.json';

/** The names of all rules, from the published schema: for whoever misspelt one. */
export async function ruleNames(): Promise<readonly string[]> {
  const path = fileURLToPath(import.meta.resolve(schemaFile));
  const schema = JSON.parse(await readFile(path, 'utf8')) as unknown;
  const alternatives =
    isRecord(schema) && Array.isArray(schema['anyOf']) ? (schema['anyOf'] as readonly unknown[]) : [];
  const names = alternatives.flatMap((alternative) => {
    const properties = isRecord(alternative) ? alternative['properties'] : undefined;
    return isRecord(properties) ? Object.keys(properties) : [];
  });
  return [...new Set(names)];
}
