import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { enclaveJsonSchemaDocument } from '../src/project/enclave-json.ts';

const published = join(dirname(fileURLToPath(import.meta.url)), '../../schema/enclave.schema.json');

test('the published JSON Schema is the one that the code makes', () => {
  // To renew it, write JSON.stringify(enclaveJsonSchemaDocument(), null, 2) there and format it.
  assert.deepEqual(
    JSON.parse(readFileSync(published, 'utf8')),
    JSON.parse(JSON.stringify(enclaveJsonSchemaDocument())),
  );
});

test('the JSON Schema refuses unknown keys at every level', () => {
  const text = JSON.stringify(enclaveJsonSchemaDocument());
  const objects = text.match(/"type":"object"/g)?.length;
  assert.equal(text.match(/"additionalProperties":false/g)?.length, objects);
});
