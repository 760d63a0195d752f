import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { coseSign1, earCborClaims, earClaims, unsignedToken } from '@enclos/evidence-kit';
import { enclos, temporaryFolder } from './cli.ts';

const folder = temporaryFolder();
const put = (content: Uint8Array | string): string => {
  writeFileSync(join(folder, 'result'), content);
  return 'result';
};

const collateral = 'collateral.json';
writeFileSync(join(folder, collateral), '{}');

test('an attestation result is explained to the status of each part, and said to be unverified', async () => {
  for (const [content, title] of [
    [unsignedToken(earClaims), 'An attestation result (EAR), a JSON web token'],
    [coseSign1(earCborClaims), 'An attestation result (EAR), a CBOR web token'],
    [concatBytes(Uint8Array.of(0xd8, 0x3d), coseSign1(earCborClaims)), 'An attestation result (EAR), a CBOR web token'],
  ] as const) {
    const { code, stdout } = await enclos(['explain', put(content)], { cwd: folder });
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`${title}\n`), stdout);
    assert.match(stdout, /├─ result +the conclusion of a verifier +enclos does not verify it: check its signature/);
    assert.match(stdout, /├─ verifier +\{"developer":"https:\/\/veraison-project\.org","build":"vts 0\.0\.1"\}/);
    assert.match(stdout, /├─ profile +tag:github\.com,2023:veraison\/ear/);
    assert.match(
      stdout,
      /appraisal of PSA_IOT\n│ {2}├─ status +contraindicated +the verifier found a reason not to trust it\n/,
    );
    assert.match(stdout, /├─ policy +policy:PSA_IOT\n/);
    assert.match(stdout, /instance-identity +2 +affirming\n/);
    assert.match(stdout, /configuration +0 +none\n/);
    assert.match(stdout, /executables +33 +warning\n/);
    assert.match(stdout, /hardware +96 +contraindicated\n/);
    assert.match(stdout, /file-system +-2 +affirming\n/);
    assert.match(stdout, /128 +not a value of a trustworthiness claim\n/);
    assert.match(stdout, /appraisal of second\n│ {2}└─ status +affirming +the verifier found it in order\n/);
    assert.match(stdout, /in the names of|an EAR: an attestation result/);
  }
});

test('an attestation result is not evidence, and verify says what it is', async () => {
  for (const content of [unsignedToken(earClaims), coseSign1(earCborClaims)]) {
    const ran = await enclos(['verify', put(content), '--collateral', collateral, '--amd-root', '--json'], {
      cwd: folder,
    });
    assert.equal(ran.code, 3);
    assert.match(
      String(ran.json()['reason']),
      /^This is an attestation result \(EAR\), a \w+ web token\. A token is the answer/,
    );
  }
});
