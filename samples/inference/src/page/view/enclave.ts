import type { VerifiedEvidence } from '@enclos/attestation';
import { code, element, facts, foreign, mark, type Child } from '@enclos/console/elements';
import type { PageTrust } from '../trust.ts';
import { timeText } from './time.ts';

export function verifyingView(): HTMLElement {
  return element(
    'div',
    { class: 'summary', 'data-grade': 'neutral' },
    element('p', { class: 'headline' }, mark('neutral', 'Its evidence is being verified')),
  );
}

/** The enclave that was verified, by which policy, and how fresh that is. */
export function enclaveView(evidence: VerifiedEvidence, { policy, root }: PageTrust): HTMLElement[] {
  const { verdict, status, appraisedAt } = evidence;
  return [
    element(
      'div',
      { class: 'summary', 'data-grade': 'good' },
      element('p', { class: 'headline' }, mark('good', 'It is the enclave that this page expects')),
      element('p', {}, 'What the page sends is sealed to a key that this enclave made and holds.'),
      softwareNote(evidence),
    ),
    facts([
      ['measurement', code(evidence.tee === 'sgx' ? evidence.mrEnclave : evidence.mrTd)],
      ['fresh', `The quote answers a question that this page made at ${timeText(appraisedAt)}.`],
    ]),
    element(
      'details',
      {},
      element('summary', {}, 'What was verified, and by which policy'),
      facts([
        ['verified', `${verdict.steps.length} steps, from the root to the signature of the quote`],
        ['platform', foreign(`${status}${advisoriesText(evidence)}`)],
        ['debugger', evidence.debug ? mark('attention', 'can read its memory') : 'kept out'],
        ['policy: enclave', accepted(policy)],
        ['policy: root', code(root.fingerprint)],
        ['vouches for', 'the keys of requests and receipts, the digests of all models, and the question'],
      ]),
    ),
  ];
}

function softwareNote({ root }: VerifiedEvidence): HTMLElement | undefined {
  if (root.kind !== 'software') return undefined;
  return element(
    'p',
    {},
    mark('attention', 'A software platform: it keeps nothing from the owner of its machine. Hardware does.'),
  );
}

function advisoriesText({ advisoryIds }: VerifiedEvidence): string {
  return advisoryIds.length === 0 ? '' : `, advisories: ${advisoryIds.join(', ')}`;
}

function accepted(policy: PageTrust['policy']): Child {
  const measurements = 'mrEnclave' in policy ? (policy.mrEnclave ?? []) : [];
  return element('span', {}, ...measurements.map((value) => code(value)));
}
