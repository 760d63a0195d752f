import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import {
  convergenceTable,
  evidenceKinds,
  hasCurrentSvn,
  refusalScenarios,
  scenario,
  statusScenarios,
  type EvidenceKind,
  type ScenarioChanges,
  type StatusScenario,
} from '@enclos/evidence-kit';
import { parseCollateral, softwareRoot, verifyQuote, type QuoteVerdict, type TrustedRoot } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';

// Object.keys is of strings, and these are all that there are.
const kinds = Object.keys(evidenceKinds) as readonly EvidenceKind[];
/** Of a TD 1.5 the tables have a thousand rows, of launch times current: some of them, another part in each kind. */
const sampleOf = 7;

const roots = new Map<string, TrustedRoot>();

/** The same by both drivers, or they differ in what the assertion says. */
async function verify(changes: ScenarioChanges, allowTrailingBytes = false): Promise<QuoteVerdict> {
  const { quote, collateral, at, root } = scenario(changes);
  const trusted = roots.get(root.publicKey) ?? (await softwareRoot(root.certificate));
  roots.set(root.publicKey, trusted);
  const endorsements = parseCollateral(collateral);
  const options = { roots: [trusted], now: at, allowTrailingBytes };
  const verdict = await verifyQuote(quote, endorsements, options);
  assert.deepEqual(verifyQuoteSync(quote, endorsements, options), verdict);
  return verdict;
}

async function requireExpected({ name, changes, expected, hasTrailingBytes }: StatusScenario): Promise<void> {
  const verdict = await verify(changes, hasTrailingBytes);
  const { status, platformStatus, moduleStatus, qeStatus, tcbDate, advisoryIds, collateral } = verdict;
  const { expired, notYetValid } = collateral;
  const current = verdict.tee === 'tdx' ? verdict.current : undefined;
  const found = {
    status,
    platformStatus,
    moduleStatus,
    qeStatus,
    tcbDate,
    advisoryIds,
    expired,
    notYetValid,
    currentStatus: current?.status,
    currentTcbDate: current?.tcbDate,
    currentAdvisoryIds: current?.advisoryIds,
  };
  // Names that a row does not give are absent in the verdict too.
  const { expiration: _, ...rest } = expected;
  assert.deepEqual(withoutAbsent(found), withoutAbsent(rest), name);
}

const withoutAbsent = (facts: object): object =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

for (const row of statusScenarios) {
  test(`synthetic evidence: ${row.name}`, () => requireExpected(row));
}

test('synthetic evidence: every combination of statuses converges as the oracle of the kit says', async () => {
  const rows = kinds.flatMap((kind, part) =>
    convergenceTable(kind).filter((_, at) => !hasCurrentSvn(kind) || at % sampleOf === part),
  );
  assert.ok(rows.length >= 500);
  for (const row of rows) await requireExpected(row);
});

for (const { name, changes, status } of refusalScenarios) {
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
