import assert from 'node:assert/strict';
import { Attribute, TdAttribute } from '@enclos/sgx';
import { verificationSteps, type QuoteVerdict, type TcbEvaluation } from '../src/index.ts';
import { platformStatuses } from '../src/dcap/tcb/tcb-status.ts';
import type { MatrixRow } from './intel-vectors.ts';

const statusByName: Readonly<Record<string, string>> = platformStatuses;

/** What a row expects, in our words; the dates are the window in which nothing is expired. */
export function expectation(row: MatrixRow): unknown {
  const isSupported = row.expect !== 'TCB_NOT_SUPPORTED';
  const facts = {
    status: row.expect,
    qeStatus: row.qeStatus,
    advisoryIds: row.advisoryIds ?? [],
    tcbDate: row.tcbDate,
    pckNotYetValid: row.pckNotYetValid ?? false,
    latestIssueDate: row.windowFrom.replace('.000Z', 'Z'),
    earliestExpiration: row.windowTo.replace('.000Z', 'Z'),
    expired: row.expired,
    debug: row.sgxDebug ?? row.tdDebug,
    septVeDisable: row.septVeDisable,
    mrServiceTdZero: row.mrServiceTdZero ?? undefined,
  };
  if (!isSupported) return { ...facts, platformStatus: 'TCB_NOT_SUPPORTED' };
  return {
    ...facts,
    platformStatus: statusByName[row.levelStatus ?? ''],
    moduleStatus: row.moduleStatus,
    launchStatus: row.launchStatus,
    currentStatus: row.currentStatus,
    currentTcbDate: row.currentTcbDate,
    currentAdvisoryIds: row.currentAdvisoryIds,
  };
}

/** The same of a verdict. */
export function outcome(verdict: QuoteVerdict): unknown {
  assert.deepEqual(verdict.steps, verificationSteps);
  assert.equal(verdict.root.kind, 'intel');
  const { latestIssueDate, earliestExpiration, expired } = verdict.collateral;
  const { status, platformStatus, moduleStatus, qeStatus, advisoryIds, tcbDate, pckNotYetValid } = verdict;
  const { launch, current }: { launch?: TcbEvaluation; current?: TcbEvaluation } = verdict.tee === 'tdx' ? verdict : {};
  const facts = {
    status,
    qeStatus,
    advisoryIds,
    tcbDate,
    pckNotYetValid,
    latestIssueDate,
    earliestExpiration,
    expired,
    ...reportOf(verdict),
    platformStatus,
  };
  if (status === 'TCB_NOT_SUPPORTED') return facts;
  return {
    ...facts,
    moduleStatus,
    launchStatus: launch?.status,
    currentStatus: current?.status,
    currentTcbDate: current?.tcbDate,
    currentAdvisoryIds: current?.advisoryIds,
  };
}

function reportOf(verdict: QuoteVerdict): Readonly<Record<string, unknown>> {
  if (verdict.tee === 'sgx') {
    const debug = (verdict.report.attributes.flags & Attribute.DEBUG) !== 0n;
    return { debug, septVeDisable: undefined, mrServiceTdZero: undefined };
  }
  const { tdAttributes, mrServiceTd } = verdict.report;
  return {
    debug: (tdAttributes & TdAttribute.DEBUG) !== 0n,
    septVeDisable: (tdAttributes & TdAttribute.SEPT_VE_DISABLE) !== 0n,
    mrServiceTdZero: mrServiceTd === undefined ? undefined : /^0+$/.test(mrServiceTd),
  };
}

export const nameOf = (row: MatrixRow): string => `${row.quote} with ${row.tcbInfo} at ${row.at}`;
