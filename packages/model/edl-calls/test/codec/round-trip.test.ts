import { test } from 'node:test';
import fc from 'fast-check';
import { type Abi, roundTripEcall, roundTripOcall } from '../codec-round.ts';
import { randomModels } from '../random-models.ts';

const runs = 300;

for (const abi of ['intel', 'oe'] satisfies Abi[]) {
  const models = randomModels({ hasDeepOutput: abi === 'oe' });

  test(`ECALLs of ${abi}: the enclave sees what was given, and what it answers comes back`, () => {
    fc.assert(
      fc.property(models, fc.nat(), (model, seed) => {
        for (const index of model.ecalls.keys()) roundTripEcall(model, index, { abi, seed });
      }),
      { numRuns: runs },
    );
  });

  test(`OCALLs of ${abi}: the host sees what the enclave passed, and what it answers comes back`, () => {
    fc.assert(
      fc.property(models, fc.nat(), (model, seed) => {
        for (const index of model.ocalls.keys()) roundTripOcall(model, index, { abi, seed });
      }),
      { numRuns: runs },
    );
  });
}
