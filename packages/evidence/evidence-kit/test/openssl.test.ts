import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  authorityKeyIdentifier,
  CommonName,
  crlNumber,
  issueCertificate,
  issueRevocationList,
  keyRing,
  pem,
  type RevocationListSpec,
} from '../src/index.ts';
import { caKey, specOf } from './chain.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-evidence-kit-'));
after(() => rmSync(folder, { recursive: true }));

const openssl = (...parameters: readonly string[]): { readonly status: number | null; readonly text: string } => {
  const { status, stdout, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}` };
};
const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const goodCrl: RevocationListSpec = {
  version: 2,
  issuer: CommonName.platformCa,
  issuerKey: caKey,
  thisUpdate: new Date('2026-01-01T00:00:00Z'),
  nextUpdate: new Date('2026-02-01T00:00:00Z'),
  revoked: [
    { serialNumber: Uint8Array.of(0x80, 4), at: new Date('2025-12-01T00:00:00Z'), reason: 1 },
    { serialNumber: Uint8Array.of(7), at: new Date('2025-12-02T00:00:00Z') },
  ],
  extensions: [crlNumber(5), authorityKeyIdentifier(caKey)],
};

const chain = (): readonly string[] => [
  '-CAfile',
  file('root.pem', pem(issueCertificate(specOf('root')))),
  '-untrusted',
  file('ca.pem', pem(issueCertificate(specOf('ca')))),
];
const leaf = (): string => file('leaf.pem', pem(issueCertificate(specOf('leaf'))));
const at = ['-attime', String(Date.parse('2026-01-15T00:00:00Z') / 1000)];

test('openssl verifies a chain under strict rules, with its revocation list', { skip }, () => {
  const crl = file('good.crl', pem(issueRevocationList(goodCrl), 'X509 CRL'));
  const strict = ['verify', '-x509_strict', '-crl_check', '-CRLfile', crl];
  const { status, text } = openssl(...strict, ...at, ...chain(), leaf());
  assert.equal(status, 0, text);
});

test('openssl finds a revoked leaf, a list by another key, and one whose time is over', { skip }, () => {
  const cases = [
    [{ revoked: [{ serialNumber: Uint8Array.of(0x80, 3), at: new Date('2025-12-01T00:00:00Z') }] }, /revoked/],
    [{ issuerKey: keyRing('other').key('other') }, /CRL signature failure/],
    [{ nextUpdate: new Date('2026-01-14T00:00:00Z') }, /CRL has expired/],
    [{ thisUpdate: new Date('2026-01-16T00:00:00Z') }, /CRL is not yet valid/],
  ] as const;
  for (const [change, pattern] of cases) {
    const crl = file('bad.crl', pem(issueRevocationList({ ...goodCrl, ...change }), 'X509 CRL'));
    const { status, text } = openssl('verify', '-crl_check', '-CRLfile', crl, ...at, ...chain(), leaf());
    assert.notEqual(status, 0);
    assert.match(text, pattern);
  }
});

test('openssl reads the fields of a revocation list', { skip }, () => {
  const crl = file('text.crl', pem(issueRevocationList(goodCrl), 'X509 CRL'));
  const { text } = openssl('crl', '-in', crl, '-noout', '-text');
  for (const part of [
    'Version 2',
    'Intel SGX PCK Platform CA',
    'Jan  1 00:00:00 2026 GMT',
    'Feb  1 00:00:00 2026 GMT',
    'Serial Number: 8004',
    'Key Compromise',
    'Serial Number: 07',
    'X509v3 CRL Number: \n                5',
  ]) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
});

test('openssl reads lists of the old version, and without entries, extensions or an end', { skip }, () => {
  const bare = { ...goodCrl, version: 1, revoked: [], extensions: [], nextUpdate: undefined };
  const crl = file('bare.crl', pem(issueRevocationList(bare), 'X509 CRL'));
  const { status, text } = openssl('crl', '-in', crl, '-noout', '-text');
  assert.equal(status, 0, text);
  assert.match(text, /Version 1/);
  assert.match(text, /Next Update: NONE/);
  assert.match(text, /No Revoked Certificates/);
});
