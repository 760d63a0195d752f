// Long jobs first, so that no core waits in the end for the one that was begun last.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../lib/workspace.mjs';

const path = join(root, '.enclos/test-seconds.json');

/** Seconds by label, as earlier runs left them; empty when there are none that can be read. */
export function readSeconds(file = path) {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

/** Adds the seconds of a run to those of earlier ones: a run of one package keeps what is known of the others. */
export function writeSeconds(results, file = path) {
  const own = Object.fromEntries(results.map(({ label, seconds }) => [label, Math.round(seconds * 10) / 10]));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...readSeconds(file), ...own }));
}

/** Jobs that no run has measured come first: the slow lane of them, then whole processes, then the others. */
const guess = ({ lane, label }) => 1e6 * (lane === 'slow' ? 3 : label.endsWith('.process') ? 2 : 1);

/** The jobs, longest first; those that take equally long keep their order. */
export const longestFirst = (jobs, seconds) =>
  jobs.toSorted((a, b) => (seconds[b.label] ?? guess(b)) - (seconds[a.label] ?? guess(a)));
