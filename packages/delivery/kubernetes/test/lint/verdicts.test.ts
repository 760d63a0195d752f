import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { describe } from 'node:test';
import { refusals } from '@enclos/kubernetes-schema';
import { vectors } from '@enclos/testkit';
import { lintManifests } from '../../src/lint/index.ts';

/** A mutated manifest, and what an API server said to it. */
interface Recorded {
  readonly id: number;
  readonly kind: string;
  readonly what: string;
  readonly verdict: 'accept' | 'reject';
  readonly why: string | null;
  readonly text: string;
}

/** Codes that claim that the server refuses the manifest. */
const claims: ReadonlySet<string> = new Set(Object.keys(refusals));

function recordedIn(file: string): readonly Recorded[] {
  const text = gunzipSync(vectors.read(`kubernetes/${file}`)).toString('utf8');
  // The file is test data of a known form.
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
}

const claimsOf = (text: string): readonly string[] =>
  lintManifests([{ name: 'manifest.yaml', text }], { now: new Date('2026-11-28') })
    .findings.filter(({ code }) => claims.has(code))
    .map(({ code, text: words }) => `${code} ${words}`);

/** Prints the figures, and says which verdicts were missed, with their causes, when too many are. */
function compare(file: string, leastRecall: number): void {
  const rows = recordedIn(file).map((row) => ({ row, found: claimsOf(row.text) }));
  const refused = rows.filter(({ row }) => row.verdict === 'reject');
  const missed = refused.filter(({ found }) => found.length === 0);
  const wrong = rows.filter(({ row, found }) => row.verdict === 'accept' && found.length > 0);
  const recall = 1 - missed.length / refused.length;
  const precision = 1 - wrong.length / (refused.length - missed.length + wrong.length);
  const figures = `recall ${(recall * 100).toFixed(1)} %, precision ${(precision * 100).toFixed(1)} % of ${rows.length}`;
  process.stdout.write(`${file}: ${figures}\n`);
  const report = [
    figures,
    ...missed.map(({ row }) => `missed: ${row.id} ${row.kind}, ${row.what}: ${(row.why ?? '').slice(0, 200)}`),
    ...wrong.map(({ row, found }) => `wrong: ${row.id} ${row.kind}, ${row.what}: ${found.join('; ').slice(0, 200)}`),
  ].join('\n');
  assert.ok(refused.length > 100, 'too few rows');
  assert.ok(recall >= leastRecall && precision >= 0.99, report);
}

describe('lint beside the verdicts of an API server', () => {
  vectors.test('finds what the server refuses among random mutants', () => compare('random-mutants.jsonl.gz', 0.97));
  vectors.test('finds what the server refuses among mistakes of people', () =>
    compare('semantic-mutants.jsonl.gz', 0.95),
  );
});
