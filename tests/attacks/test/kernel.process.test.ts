import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { enclaveCommand, planAllWays, verifyInterpreter, writeStartFiles, type IsolationPlan } from '@enclos/isolation';
import { skipsWithoutLayers } from '../src/native/layer-absence.ts';
import { closedByKernel, corpus, defences, startTarget, tryAttempt, type Outcome, type Target } from '../src/index.ts';

/** The kernel's layers alone: no part of the loader takes anything away, and the permission model is off. */
const tasks = 80;
const folder = mkdtempSync('/tmp/enclos-attacks-');
let interpreterPath = '';
let plans: readonly IsolationPlan[] = [];
let target: Target;

before(async () => {
  interpreterPath = (await verifyInterpreter()).path;
  plans = planAllWays({ interpreterPath, ...(await writeStartFiles(folder)) });
  target = await startTarget();
});
after(() => {
  target.close();
  rmSync(folder, { recursive: true });
});

async function underKernel(name: string, plan: IsolationPlan): Promise<Outcome> {
  const attempt = corpus.find((one) => one.name === name);
  assert.ok(attempt, name);
  const filter = plan.inherited === undefined ? undefined : openSync(plan.inherited.path, 'r');
  const own = plan.threads?.by === 'cgroup' ? plan.threads.cgroup.make(tasks) : undefined;
  try {
    const needs = { heapSizeBytes: 64n * 1024n * 1024n, threads: 4, cgroup: own?.folder };
    const command = enclaveCommand(plan, needs, interpreterPath);
    return await tryAttempt(attempt, { interpreterPath, port: target.port, off: defences, command, filter });
  } finally {
    own?.remove();
    if (filter !== undefined) closeSync(filter);
  }
}

for (const way of ['bubblewrap', 'util-linux'] as const) {
  describe(`a hostile bundle, with the kernel’s layers alone, by ${way}`, () => {
    for (const name of closedByKernel) {
      test(`does not get ${name}`, async (t) => {
        const plan = plans.find((candidate) => candidate.way === way) ?? assert.fail(way);
        if (skipsWithoutLayers(plan, t)) return;
        const { got, death } = await underKernel(name, plan);
        assert.deepEqual({ got, death }, { got: undefined, death: undefined });
      });
    }
  });
}

describe('a hostile bundle, without any layer', () => {
  for (const name of closedByKernel) {
    test(`gets ${name}`, async () => {
      const attempt = corpus.find((one) => one.name === name);
      assert.ok(attempt, name);
      const result = await tryAttempt(attempt, { interpreterPath, port: target.port, off: defences });
      assert.ok(result.got !== undefined, JSON.stringify(result));
    });
  }
});
