// The table of docs/reference/platforms.md is written from the capability tables of the drivers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkGenerated } from './generated.mjs';

const path = 'docs/reference/platforms.md';
const begin =
  '<!-- The table is written by `node tools/docs.mjs --write` from packages/runtime/tee. Do not edit it by hand. -->\n';
const end = '<!-- The end of the table. -->\n';

const words = {
  process: 'process',
  sgx: 'SGX enclave',
  'virtual-machine': 'virtual machine',
  mrenclave: 'MRENCLAVE',
  mrtd: 'MRTD, RTMRs',
  'snp-measurement': 'launch measurement',
  'by-request': 'any that EGETKEY derives',
  fixed: 'one a policy, current versions',
  full: 'makes and checks reports',
  prove: 'makes reports',
  'dcap-v3': 'DCAP quote version 3',
  'dcap-v4': 'DCAP quote version 4 or 5',
  'snp-report': 'SNP report',
  'azure-vtpm': 'HCL report and TPM quote',
  unix: 'Unix socket',
  tcp: 'loopback TCP',
  none: 'none',
};

const rows = [
  ['boundary', ({ boundary }) => words[boundary]],
  ["holds against the machine's owner", ({ hardware }) => (hardware ? 'yes' : 'no')],
  ['identity', ({ identity }) => words[identity]],
  ['seal policies', ({ sealPolicies }) => sealPolicies.map((name) => `\`${name}\``).join(', ') || 'none'],
  ['seal keys', ({ sealKeys }) => words[sealKeys]],
  ['local attestation', ({ localAttestation }) => words[localAttestation]],
  ['evidence', ({ remoteAttestation }) => words[remoteAttestation]],
  ['gate', ({ gateTransport }) => words[gateTransport]],
  ['connections', ({ streamTransports }) => streamTransports.map((name) => `\`${name}\``).join(', ')],
];

function tableOf(tables) {
  const named = Object.entries(tables);
  const lines = [
    ['', ...named.map(([name]) => name)],
    ['---', ...named.map(() => '---')],
    ...rows.map(([title, show]) => [title, ...named.map(([, table]) => show(table))]),
  ];
  return `\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n`;
}

/** Writes the table, or compares it; returns problems, one line each. */
export async function checkPlatformTable(base, { write }) {
  const { capabilityTables } = await import(
    pathToFileURL(join(base, 'packages/runtime/tee/dist/src/platforms.js')).href
  );
  const text = readFileSync(join(base, path), 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) return [`${path}: the marks of the table are missing`];
  const expected = text.slice(0, from + begin.length) + tableOf(capabilityTables) + text.slice(to);
  return checkGenerated(base, [[path, expected]], { write, source: 'the drivers say' });
}
