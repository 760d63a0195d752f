import assert from 'node:assert/strict';
import { utf8 } from '@enclos/codec';
import type { MapChanges, WriteSet } from '../src/index.ts';
import { verifyLedger, type LedgerExpectation, type LedgerReport } from '../src/proof/index.ts';
import { filesOf, LittleLedger, littleService, nodeInfo, party, serviceInfo, tools } from './little-service.ts';

export type Files = Parameters<typeof filesOf>[0];
export const { service, node } = littleService();
export const stranger = party('stranger');

export const verify = (files: Files, expected: LedgerExpectation = {}): Promise<LedgerReport> =>
  verifyLedger(filesOf(files), expected, tools);

/** The problems as lines: the rule, then the message. */
export const told = ({ problems }: LedgerReport): readonly string[] =>
  problems.map(({ rule, message }) => `${rule}: ${message}`);

/** That these problems are told, and no others. */
export function assertTold(report: LedgerReport, ...expected: readonly RegExp[]): void {
  const problems = told(report);
  assert.equal(problems.length, expected.length, problems.join('\n'));
  for (const [index, message] of expected.entries()) assert.match(problems[index] ?? '', message);
  assert.equal(report.holds, expected.length === 0);
}

/** What a ledger begins with. */
export const genesis: WriteSet = [serviceInfo(service, 'Open'), ...nodeInfo(node)];

/** A ledger of these transactions, signed at its end. */
export function signed(...transactions: readonly WriteSet[]): LittleLedger {
  const ledger = new LittleLedger();
  for (const writes of transactions) ledger.add(writes);
  ledger.sign({ node, service });
  return ledger;
}

export const holding = async (...transactions: readonly WriteSet[]): Promise<LedgerReport> =>
  verify([signed(...transactions).file(1)]);

export function removing(name: string, ...keys: readonly string[]): MapChanges {
  return { name, readVersion: 0, writes: [], removes: keys.map(utf8) };
}
