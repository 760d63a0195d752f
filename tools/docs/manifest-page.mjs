// docs/reference/enclave-json.md is written from the published JSON Schema, which the build's own
// reader of enclave.json gives out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../lib/workspace.mjs';

const path = 'docs/reference/enclave-json.md';
const schemaPath = 'packages/build/schema/enclave.schema.json';

const introduction = `# enclave.json

<!-- Written by \`node tools/docs.mjs --write\` from ${schemaPath}. Do not edit by hand. -->

What an enclave is, in the folder of its project. All of it is measured, as part of the image; where and how the
enclave is run is said elsewhere. An unknown key is an error. Name the schema in \`$schema\`, and an editor completes and
checks the file:

\`\`\`json
{
  "$schema": "./node_modules/@enclos/build/schema/enclave.schema.json",
  "name": "vault",
  "productId": 1,
  "securityVersion": 1
}
\`\`\`

| key | type | what it is |
|---|---|---|
`;

function typeOf(schema) {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.type === 'integer') return rangeOf(schema);
  if (schema.type === 'array') return `list${schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`}`;
  return schema.type;
}

function rangeOf({ minimum, maximum }) {
  return minimum === undefined || maximum === undefined ? 'integer' : `integer, ${minimum} to ${maximum}`;
}

/** One row for each key, the keys of objects and of the objects in lists below their own. */
function rowsOf(properties, required, prefix) {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const inner = schema.type === 'array' ? schema.items : schema;
    const words = [schema.description, required.includes(key) ? '**Required.**' : undefined];
    const row = `| \`${name}\` | ${typeOf(schema)} | ${words.filter((part) => part !== undefined).join(' ')} |`;
    if (inner.properties === undefined) return [row];
    const below = schema.type === 'array' ? `${name}[].` : `${name}.`;
    return [row, ...rowsOf(inner.properties, inner.required ?? [], below)];
  });
}

/** Writes the page, or compares it; returns problems, one line each. */
export function checkManifestPage(base, { write }) {
  const { properties, required = [] } = readJson(join(base, schemaPath));
  const expected = `${introduction}${rowsOf(properties, required, '').join('\n')}\n`;
  if (write) {
    writeFileSync(join(base, path), expected);
    return [];
  }
  const actual = existsSync(join(base, path)) ? readFileSync(join(base, path), 'utf8') : '';
  return actual === expected ? [] : [`${path}: not what the schema says; run: node tools/docs.mjs --write`];
}
