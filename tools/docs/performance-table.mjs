// The first table of docs/performance.md repeats rows of its other tables, which the benchmarks write: the bounds that most readers ask for.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkGenerated } from './generated.mjs';

const path = 'docs/performance.md';
const begin = '<!-- This table repeats rows of those below; `node tools/docs.mjs --write` writes it. -->\n';
const end = '<!-- The end of the table. -->\n';

/** What it is in plain words, the benchmark, and how its row begins. */
const chosen = [
  ['start of an enclave, to its first answer', 'start', 'start: '],
  ['memory of a small enclave', 'memory', 'memory of a trivial enclave (RSS)'],
  ['a call of the enclave', 'calls', 'one call at a time, p50, against a bare echo, two cores'],
  ['calls without waiting for each', 'calls', 'pipelined calls, window 512, against bare frames, two cores'],
  ['16 MiB into the enclave', 'bulk', 'bulk: 16 MiB in, bare pipe that keeps it whole, two cores'],
  ['TLS inside, 512 bytes, passed', 'tls', 'TLS passed: 512 bytes, 128 connections, clients on'],
  ['TLS inside, 512 bytes, relayed', 'tls', 'TLS relayed: 512 bytes, 128 connections, clients on'],
  ['TLS inside, 16 KiB, passed', 'tls', 'TLS passed: 16384 bytes, 128 connections, clients on'],
  ['TLS handshakes, passed', 'tls', 'TLS passed: handshakes one after the other, clients on'],
  ["host's part of a handshake, passed", 'tls', "TLS passed: the host's part of it, a handshake, clients on"],
  ['HTTPS service, passed', 'http', 'HTTPS, constant answer, 64 connections: service passed'],
  ['verifying a quote, nothing cached', 'verify', 'SGX v3: nothing known, 10 signatures; peer @phala/dcap-qvl '],
  ['attested TLS, to the first byte', 'atls', 'attested TLS, both sides cached: to the first byte, mutual'],
  ['a request through `enclos proxy`', 'proxy', 'proxy: 512 bytes there and back'],
  [
    'a token of the attestation service',
    'attestation',
    'attest SGX, warm, over TLS on passed streams, 16 connections; the same server',
  ],
  ['a policy that costs as much as it can', 'cost', 'cost: a draft that searches for long'],
  ['a container image, built', 'image', 'image: built without a cache'],
];

/** The cells of the row of a benchmark that begins with this text and has a bound. */
function rowOf(page, bench, start) {
  const table = page.split(`<!-- bench ${bench} -->\n`)[1]?.split(`<!-- end ${bench} -->`)[0] ?? '';
  const line = table.split('\n').find((text) => text.startsWith(`| ${start}`));
  const cells = line
    ?.slice(2, -2)
    .split(' | ')
    .map((cell) => cell.trim());
  return cells?.length === 5 && cells[4] !== '' ? cells : undefined;
}

/** @returns the page with its first table, and a problem for each row that is not there */
export function withTable(page) {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return { text: page, problems: [`${path}: the marks of the first table are missing`] };
  const found = chosen.map(([what, bench, start]) => ({ what, bench, start, cells: rowOf(page, bench, start) }));
  const problems = found
    .filter(({ cells }) => cells === undefined)
    .map(({ bench, start }) => `${path}: no row of "${bench}" with a bound begins with "${start}"`);
  const rows = found.flatMap(({ what, bench, cells }) =>
    cells === undefined ? [] : [[what, ...cells.slice(1), `\`npm run bench -- ${bench}\``]],
  );
  const lines = [['what', 'ours', 'peer', 'ratio', 'bound', 'command'], Array(6).fill('---'), ...rows];
  const table = `\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n`;
  return { text: page.slice(0, from + begin.length) + table + page.slice(to), problems };
}

/** Writes the table, or compares it; returns problems, one line each. */
export function checkPerformanceTable(base, { write }) {
  const { text, problems } = withTable(readFileSync(join(base, path), 'utf8'));
  return [...problems, ...checkGenerated(base, [[path, text]], { write, source: 'the tables below it say' })];
}
