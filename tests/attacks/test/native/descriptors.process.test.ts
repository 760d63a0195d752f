import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createWorkshop } from '@enclos/process-kit';
import { startProgram } from '@enclos/testkit';
import { compilerAbsence, createAttackMachine } from '../../src/native/machine.ts';

const leftOpen = [100, 251, 252, 300, 301, 302, 900, 1023, 1500, 1900];

test(
  'what the starter of a host left open reaches its platform, and neither an enclave nor what starts it',
  { skip: compilerAbsence },
  async () => {
    const machine = await createAttackMachine();
    const workshop = createWorkshop();
    try {
      const signed = await workshop.signed('probe');
      const [image, signature] = (['image', 'signature'] as const).map((name) => {
        const path = join(workshop.folder, name);
        writeFileSync(path, signed[name]);
        return path;
      });
      const program = fileURLToPath(new URL('../../src/native/leaking-host.program.js', import.meta.url));
      const words = [process.execPath, program, image ?? '', signature ?? '', workshop.stateFolder('leaking')];
      const { code, stdout, stderr } = await startProgram([...machine.leaker, ...words], { cwd: workshop.folder })
        .ended;
      assert.equal(code, 0, stderr);
      const found = JSON.parse(stdout) as {
        readonly isActive: boolean;
        readonly own: readonly number[];
        readonly platform: readonly number[];
        readonly enclave: readonly (readonly number[])[];
      };
      assert.ok(found.isActive);
      // So the attempt is a real one: without the layer they go on from there as they came.
      assert.deepEqual(found.own, leftOpen);
      assert.deepEqual(found.platform, leftOpen);
      assert.ok(found.enclave.length > 0);
      for (const descriptors of found.enclave) assert.deepEqual(descriptors, []);
    } finally {
      machine.close();
      await workshop.close();
    }
  },
);
