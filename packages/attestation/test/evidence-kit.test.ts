import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import {
  convergenceTable,
  refusalScenarios,
  scenario,
  statusScenarios,
  type EvidenceKind,
  type ScenarioChanges,
  type StatusScenario,
} from '@enclos/evidence-kit';
import { parseCollateral, softwareRoot, verifyQuote, type QuoteVerdict, type TrustedRoot } from '../src/index.ts';

/** The kinds of quotes that this verifier reads. */
const kinds: readonly EvidenceKind[] = ['sgx-v3'];
const isRead = ({ changes }: { readonly changes: ScenarioChanges }): boolean =>
  kinds.includes(changes.kind ?? 'sgx-v3');

const roots = new Map<string, TrustedRoot>();

async function verify(changes: ScenarioChanges, allowTrailingBytes = false): Promise<QuoteVerdict> {
  const { quote, collateral, at, root } = scenario(changes);
  const trusted = roots.get(root.publicKey) ?? (await softwareRoot(root.certificate));
  roots.set(root.publicKey, trusted);
  return verifyQuote(quote, parseCollateral(collateral), { roots: [trusted], now: at, allowTrailingBytes });
}

async function requireExpected({ name, changes, expected, hasTrailingBytes }: StatusScenario): Promise<void> {
  const verdict = await verify(changes, hasTrailingBytes);
  const { status, platformStatus, qeStatus, tcbDate, advisoryIds, collateral } = verdict;
  const { expired, notYetValid } = collateral;
  assert.deepEqual(
    { status, platformStatus, qeStatus, tcbDate, advisoryIds, expired, notYetValid },
    {
      status: expected.status,
      platformStatus: expected.platformStatus,
      qeStatus: expected.qeStatus,
      tcbDate: expected.tcbDate,
      advisoryIds: expected.advisoryIds,
      expired: expected.expired,
      notYetValid: expected.notYetValid,
    },
    name,
  );
}

for (const row of statusScenarios.filter(isRead)) {
  test(`synthetic evidence: ${row.name}`, () => requireExpected(row));
}

test('synthetic evidence: every combination of statuses converges as the oracle of the kit says', async () => {
  const rows = kinds.flatMap((kind) => convergenceTable(kind));
  assert.ok(rows.length >= 21);
  for (const row of rows) await requireExpected(row);
});

for (const { name, changes, status } of refusalScenarios.filter(isRead)) {
  test(`synthetic evidence refused: ${name}`, async () => {
    await assert.rejects(verify(changes), (error) => {
      assert.ok(
        isEnclosError(error, 'EVIDENCE_REFUSED') || isEnclosError(error, 'ENDORSEMENTS_INVALID'),
        String(error),
      );
      assert.equal(error.details['status'], status);
      return true;
    });
  });
}
