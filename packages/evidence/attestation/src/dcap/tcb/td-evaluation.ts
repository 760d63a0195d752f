import type { QuoteBody } from '@enclos/sgx';
import { evaluateTcb, type TcbEvaluation } from './tcb-evaluation.ts';
import type { TcbInputs } from './tcb-inputs.ts';
import type { QuoteStatus } from './tcb-status.ts';

type TdReport = Exclude<QuoteBody, { readonly type: 'sgx' }>['report'];

/** A TD's evaluation; from TD 1.5 on with both that it is made of. */
export interface TdEvaluation extends TcbEvaluation {
  readonly launch?: TcbEvaluation;
  readonly current?: TcbEvaluation;
}

const outdated: readonly QuoteStatus[] = ['OUT_OF_DATE', 'OUT_OF_DATE_CONFIGURATION_NEEDED'];
const upToDate: readonly QuoteStatus[] = [
  'OK',
  'SW_HARDENING_NEEDED',
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
];
const needConfiguration: readonly QuoteStatus[] = [
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  'OUT_OF_DATE_CONFIGURATION_NEEDED',
];

/**
 * Evaluates the TCB of a TD. A TD 1.5 names two: that of its launch, and that
 * of now, which differ when the TDX module was updated below it.
 */
export function evaluateTdTcb(inputs: TcbInputs, report: TdReport): TdEvaluation {
  const launch = evaluateTcb(inputs, report.teeTcbSvn);
  if (!('teeTcbSvn2' in report)) return launch;
  const current = evaluateTcb(inputs, report.teeTcbSvn2);
  return Object.freeze({ ...launch, status: relaunchAdvice(launch.status, current.status), launch, current });
}

/** QVL's rule of 2026: old at the launch and good now wants a relaunch; otherwise the launch decides. */
export function relaunchAdvice(launch: QuoteStatus, current: QuoteStatus): QuoteStatus {
  if (current === 'TCB_NOT_SUPPORTED') return current;
  if (!outdated.includes(launch) || !upToDate.includes(current)) return launch;
  return needConfiguration.includes(launch) || needConfiguration.includes(current)
    ? 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED'
    : 'TD_RELAUNCH_ADVISED';
}
