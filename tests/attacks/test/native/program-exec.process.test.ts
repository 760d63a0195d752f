import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  prepareProgramFiles,
  programCommand,
  programPlan,
  writeOuterFilter,
  type ProgramServices,
} from '@enclos/isolation';
import { probeProgram } from '@enclos/testkit';
import { skipsWithoutLayers } from '../../src/native/layer-absence.ts';
import {
  compilerAbsence,
  createAttackMachine,
  settings,
  type AttackMachine,
  type Setting,
} from '../../src/native/machine.ts';
import { runWithFile } from '../../src/native/run-with-file.ts';

const folder = mkdtempSync('/tmp/enclos-program-exec-');
const probe = join(folder, 'probe');
const openStep = join(folder, 'step');
const skip = process.arch === 'x64' ? compilerAbsence : 'is for x86-64';
let machine: AttackMachine;
let files: ProgramServices;

before(async () => {
  if (skip !== false) return;
  chmodSync(folder, 0o755);
  machine = await createAttackMachine();
  files = await prepareProgramFiles([folder], await writeOuterFilter(folder));
  copyFileSync(probeProgram(), probe);
  chmodSync(probe, 0o555);
  writeFileSync(openStep, withoutRule(readFileSync(files.lastSteps.passing)), { mode: 0o555 });
});
after(() => {
  machine?.close();
  rmSync(folder, { recursive: true });
});

/** The last step with a filter that allows execve(2) from anywhere. */
function withoutRule(step: Buffer): Buffer {
  // The jump for the number of execve, over four tests and two answers: to the next instruction, which becomes SECCOMP_RET_ALLOW.
  const at = step.indexOf(Buffer.from([0x15, 0, 0, 6, 59, 0, 0, 0]));
  assert.ok(at > 0);
  step.set([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f], at + 8);
  return step;
}

/** How a program ends whose host passes it another program, as a file in memory, which it tries to become. */
function becoming(setting: Setting, lastStep: string): number | null {
  const plan = programPlan(machine.planOf(setting), {
    path: probe,
    filterPath: files.filterPath,
    starters: [lastStep],
  });
  const needs = { heapSizeBytes: 16n << 20n, threads: 1, argv: ['probe', 'become'], environment: new Map() };
  const words = programCommand(plan, { ...needs, lastStep, passage: true }, probe);
  return runWithFile([machine.program, 'hold', `program=${probe}`, ...words], plan.inherited).status;
}

const asThisUser = settings.filter(({ asUser, enclaveUser }) => asUser.length === 0 && enclaveUser === undefined);
for (const setting of asThisUser) {
  test(`a program cannot become one that its host passes, by ${setting.name}`, { skip }, (t) => {
    if (skipsWithoutLayers(machine.planOf(setting), t)) return;
    // It can without the rule, where it has a name for the descriptor: Landlock does not ask about files in memory.
    assert.equal(becoming(setting, openStep), setting.way === 'util-linux' ? 42 : constants.errno.ENOENT);
    assert.equal(becoming(setting, files.lastSteps.passing), constants.errno.EPERM);
  });
}
