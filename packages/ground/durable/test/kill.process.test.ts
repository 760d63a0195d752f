import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./replace.program.js', import.meta.url));
const rounds = 12;
const lengths = new Set([100_000, 3, 70_000]);

/** Whole: one letter, as often as the program wrote it. */
function checkFiles(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => !each.startsWith('.'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    const isWhole = name === 'replaced' ? lengths.has(text.length) : text.length === 5000;
    assert.ok(isWhole, `${name} has ${text.length} characters`);
    assert.match(text, /^([a-z])\1*$/, `${name} has parts of two contents`);
  }
}

function addedTo(folder: string): number {
  return readdirSync(folder).filter((name) => name.startsWith('added-')).length;
}

test('killed at any moment, a process leaves whole files, and readers see nothing else meanwhile', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-durable-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    // Moments that differ between rounds, a prime number of milliseconds apart, and none before the program has done something.
    const until = performance.now() + ((round * 17) % 60);
    const before = addedTo(folder);
    do {
      checkFiles(folder);
      await sleep(1);
    } while (performance.now() < until || addedTo(folder) === before);
    child.kill('SIGKILL');
    const [, signal] = (await closed) as [number | null, string | null];
    if (signal === 'SIGKILL') kills += 1;
    checkFiles(folder);
  }
  assert.equal(kills, rounds);
  assert.ok(addedTo(folder) >= rounds, 'the program did nothing');
});
