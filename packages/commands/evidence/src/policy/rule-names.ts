import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isRecord } from '@enclos/evidence';

const schemaFiles = ['policy', 'azure-policy'].map((name) => `@enclos/attestation/schema/${name}.schema.json`);

/** The names of all rules, from the published schemas, to suggest the right one for a misspelt name. */
export async function ruleNames(): Promise<readonly string[]> {
  const names = await Promise.all(schemaFiles.map(namesIn));
  return [...new Set(names.flat())];
}

async function namesIn(schemaFile: string): Promise<readonly string[]> {
  const path = fileURLToPath(import.meta.resolve(schemaFile));
  const schema = JSON.parse(await readFile(path, 'utf8')) as unknown;
  const alternatives =
    isRecord(schema) && Array.isArray(schema['anyOf']) ? (schema['anyOf'] as readonly unknown[]) : [schema];
  return alternatives.flatMap((alternative) => {
    const properties = isRecord(alternative) ? alternative['properties'] : undefined;
    return isRecord(properties) ? Object.keys(properties) : [];
  });
}
