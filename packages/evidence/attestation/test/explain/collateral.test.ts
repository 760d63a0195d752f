import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { scenario } from '@enclos/evidence-kit';
import { explainCollateral } from '../../src/explain/index.ts';
import { parseCollateral, softwareRoot, verifyQuote, type Endorsements } from '../../src/index.ts';

test('the dates of collateral are those of a verdict, without the PCK chain', async () => {
  const { quote, collateral, root, at } = scenario({ kind: 'tdx-v4' });
  const endorsements = parseCollateral(collateral);
  const roots = [await softwareRoot(root.certificate)];
  const verdict = await verifyQuote(quote, endorsements, { roots, now: at });
  const explained = explainCollateral(endorsements);
  const {
    rootCertificate: _root,
    intermediateCertificate: _ca,
    pckCertificate: _pck,
    ...parts
  } = verdict.collateral.parts;
  assert.deepEqual(explained.parts, parts);
  assert.equal(explained.tee, 'TDX');
  assert.equal(explained.fmspc, verdict.fmspc);
  assert.deepEqual(explained.tcbEvaluationDataNumbers, verdict.tcbEvaluationDataNumbers);
});

test('what was not parsed is not explained', () => {
  assert.throws(
    () => explainCollateral({ fmspc: '00606a000000' } as Endorsements),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});
