import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findInterpreter, planAllWays, writeStartFiles, type IsolationPlan } from '@enclos/isolation';
import { tryPassing } from '../../../src/platform/passing/trial.ts';

const isRoot = process.getuid?.() === 0;
const anyUser = 61_185;
// Not below the folder for temporary files of this user, which others might not be able to enter.
const folder = mkdtempSync('/tmp/enclos-passing-');
const interpreterPath = join(folder, 'interpreter');
const plans = new Map<string, IsolationPlan>();

before(async () => {
  chmodSync(folder, 0o755);
  copyFileSync(findInterpreter().path, interpreterPath);
  chmodSync(interpreterPath, 0o555);
  const files = { interpreterPath, ...(await writeStartFiles(folder)) };
  for (const plan of planAllWays(files)) plans.set(`${plan.way} false`, plan);
  if (!isRoot) return;
  for (const plan of planAllWays({ ...files, enclaveUser: anyUser })) plans.set(`${plan.way} true`, plan);
});
after(() => rmSync(folder, { recursive: true }));

describe('a socket that is passed to a process', () => {
  for (const way of ['util-linux', 'bubblewrap'] as const) {
    for (const separated of [false, true]) {
      const skip = separated && !isRoot && 'needs root, to become another user';
      test(`arrives by ${way}${separated ? ', as another user' : ''}`, { skip }, async (t) => {
        const plan = plans.get(`${way} ${separated}`);
        assert.ok(plan);
        const missing = plan.layers.filter(({ active }) => !active);
        if (missing.length > 0) {
          t.skip(`this machine lacks ${missing.map(({ name, detail }) => `${name}: ${detail}`).join(' ')}`);
          return;
        }
        assert.equal(await tryPassing(plan, { interpreterPath, ...(separated ? { user: anyUser } : {}) }), undefined);
      });
    }
  }

  const without = (changes: Partial<IsolationPlan>): IsolationPlan => ({
    layers: [],
    way: 'util-linux',
    prefix: [],
    lastAt: 0,
    limits: [],
    starterPath: '/nowhere',
    ...changes,
  });

  test('does not arrive where the process does not start, and the reason says how it ended', async () => {
    const ended = await tryPassing(without({}), { interpreterPath: '/bin/false' });
    assert.equal(ended, 'A process that is started as enclaves are got no socket: it ended with code 1.');
    assert.match((await tryPassing(without({}), { interpreterPath: '/nowhere' })) ?? '', /ENOENT/);
  });

  test('does not arrive through a descriptor that is closed', async () => {
    const plan = plans.get('util-linux false');
    assert.ok(plan);
    // Closes one descriptor more than it may.
    const prefix = [plan.starterPath, 'c8', '-'];
    const why = await tryPassing(without({ prefix, lastAt: 3 }), { interpreterPath, timeoutMs: 3000 });
    assert.match(why ?? '', /got no socket/);
  });
});
