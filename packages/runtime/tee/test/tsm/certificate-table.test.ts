import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateTable } from '@enclos/evidence-kit';
import { parseCertificateTable } from '../../src/tsm/index.ts';

test('the certificate table of a host is read, and a malformed one is evidence that was not expected', () => {
  const entry = { guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(parseCertificateTable(certificateTable([entry])), [{ kind: 'vcek', ...entry }]);
  assert.throws(() => parseCertificateTable(certificateTable([entry, entry])), { code: 'TEE_EVIDENCE_UNEXPECTED' });
});
