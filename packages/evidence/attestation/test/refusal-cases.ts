import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral, verifyQuote } from '../src/index.ts';
import { verifyQuoteOnThreads, verifyQuoteSync } from '../src/node.ts';
import type { RefusalStatus } from '../src/refusal/refusal.ts';
import type { StepId } from '../src/refusal/steps.ts';
import { standardExtensions, type ExtensionSpec } from './synthetic-pki.ts';
import { keys, makePlatform, now, type Changes } from './synthetic-platform.ts';

/** One change to a good platform, and the refusal that it must lead to. */
export type Case = readonly [what: string, step: StepId, status: RefusalStatus, changes: Changes];

export function testRefusals(cases: readonly Case[]): void {
  for (const [what, step, status, changes] of cases) {
    test(`refused: ${what}`, async () => {
      const { quote, collateral, roots } = await makePlatform(changes);
      const endorsements = parseCollateral(collateral);
      const isExpected = (error: unknown): true => {
        assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
        assert.deepEqual({ ...error.details }, { step, status });
        assert.equal(error.kind, 'evidence');
        return true;
      };
      await assert.rejects(verifyQuote(quote, endorsements, { roots, now }), isExpected);
      assert.throws(() => verifyQuoteSync(quote, endorsements, { roots, now }), isExpected);
      await assert.rejects(verifyQuoteOnThreads(quote, endorsements, { roots, now }), isExpected);
    });
  }
}

/** The extensions of an authority, one replaced; without a value, left out. */
export function authority(id: string, replacement?: ExtensionSpec): readonly ExtensionSpec[] {
  return replace({ pathLength: 0 }, id, replacement);
}

export function leaf(id: string, replacement?: ExtensionSpec): readonly ExtensionSpec[] {
  return replace({}, id, replacement);
}

function replace(
  options: { readonly pathLength?: number },
  id: string,
  replacement?: ExtensionSpec,
): readonly ExtensionSpec[] {
  const { point } = keys.root;
  const standard = standardExtensions({ point, issuerPoint: point, ...options });
  return standard.flatMap((extension) =>
    extension.id !== id ? [extension] : replacement === undefined ? [] : [replacement],
  );
}

export const ids = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  subjectKey: '2.5.29.14',
  crlPoints: '2.5.29.31',
};
export const other = keys.other;
