import { validityOf } from '@enclos/attestation';
import { element } from '../dom.ts';
import { hardwareOf, type Outcome } from '../outcome.ts';
import { certificateView } from './certificate.ts';
import { fieldsView } from './fields.ts';
import { identityView } from './identity.ts';
import { statusView } from './status.ts';
import { stepsView } from './steps.ts';
import { summaryView } from './summary.ts';
import { timelineView } from './timeline.ts';

/** Everything that is known, the most important first. */
export function outcomeView(outcome: Outcome, now: Date): readonly Node[] {
  const { verification, fields, certificate } = outcome;
  const verdict = verification.kind === 'genuine' ? verification.verdict : undefined;
  const steps = 'steps' in verification ? verification.steps : undefined;
  return [
    summaryView(outcome),
    certificate === undefined ? undefined : certificateView(certificate),
    ...(verdict === undefined ? [] : [...identityView(verdict), ...statusView(hardwareOf(verdict))]),
    timelineView(outcome, now),
    steps === undefined ? undefined : stepsView(steps, verdict === undefined ? undefined : validityOf(verdict)),
    fields.length === 0 ? undefined : fieldsView(fields),
  ].filter((view) => view !== undefined);
}

/** For an unexpected failure: a mistake of the page, which says nothing about the evidence. */
export function failureView(error: unknown): HTMLElement {
  const message = error instanceof Error ? error.message : 'no reason was given';
  return element('p', { class: 'problem' }, `The page failed, and nothing is known about the evidence: ${message}`);
}
