import { writeTransactionId, type LedgerProblem, type LedgerReport, type ProvenReceipt } from '@enclos/ledger/proof';
import { code, element, foreign, type Child } from '../page/dom.ts';
import { mark, type Grade } from '../page/view/mark.ts';
import { facts, section, table } from '../page/view/section.ts';
import type { Finding } from './check.ts';

const shownProblems = 100;

/** The sentence that a finding comes down to. */
export function headlineOf(finding: Finding): string {
  switch (finding.kind) {
    case 'ledger': {
      const { holds, problemCount, trusted } = finding.report;
      if (!holds) return `The ledger does not hold: ${problemCount} ${problemCount === 1 ? 'problem' : 'problems'}`;
      return trusted === true ? 'The ledger holds' : 'The ledger holds by its own word: no certificate was given';
    }
    case 'receipt':
      return 'The receipt holds';
    case 'snapshot':
      return 'The snapshot holds';
    case 'refused':
      return 'Not proved';
    case 'waiting':
      return 'Not verified yet';
  }
}

function gradeOf(finding: Finding): Grade {
  if (finding.kind === 'waiting') return 'neutral';
  if (finding.kind === 'refused') return 'bad';
  if (finding.kind !== 'ledger') return 'good';
  const { holds, trusted } = finding.report;
  if (!holds) return 'bad';
  return trusted === true ? 'good' : 'attention';
}

export function findingView(finding: Finding, index: number): HTMLElement {
  const grade = gradeOf(finding);
  return element(
    'article',
    {},
    element(
      'div',
      { class: 'summary', 'data-grade': grade },
      element('p', { class: 'headline' }, mark(grade, headlineOf(finding))),
      ...sentencesOf(finding).map((sentence) => element('p', {}, sentence)),
    ),
    ...partsOf(finding, `finding-${index}`),
  );
}

function sentencesOf(finding: Finding): readonly Child[] {
  switch (finding.kind) {
    case 'ledger':
      return finding.report.holds
        ? ledgerSentences(finding.report)
        : ['What does not hold is listed below, with its place.'];
    case 'receipt':
      return [
        'This proves: the service committed a transaction with this digest and these claims.',
        'It does not prove what the transaction says: compare its digest, or its claims, with what you hold.',
      ];
    case 'snapshot':
      return [
        'This proves: the service committed a transaction with the digest of this snapshot. It may not be the newest.',
      ];
    case 'refused':
      return [foreign(`${finding.name}: ${finding.message}`), finding.next];
    case 'waiting':
      return [foreign(finding.message)];
  }
}

function ledgerSentences({ trusted, lastSigned }: LedgerReport): readonly string[] {
  const who = trusted === true ? 'the service' : 'the service that this ledger names';
  const upTo = lastSigned === undefined ? '' : ` up to ${writeTransactionId(lastSigned)}`;
  return [
    `This proves: ${who} signed exactly these transactions, in this order,${upTo}.`,
    'It does not prove that nothing came later, nor that other copies of the ledger end here.',
  ];
}

function partsOf(finding: Finding, id: string): readonly HTMLElement[] {
  if (finding.kind === 'ledger') return ledgerParts(finding.report, finding.keysGiven, id);
  if (finding.kind === 'receipt' || finding.kind === 'snapshot') {
    return [section(`${id}-proof`, finding.name, provenFacts(finding.proven))];
  }
  return [];
}

function ledgerParts(report: LedgerReport, keysGiven: boolean, id: string): readonly HTMLElement[] {
  const parts = [section(`${id}-facts`, 'What was read', ledgerFacts(report, keysGiven))];
  if (report.problems.length > 0) {
    const rows = report.problems.slice(0, shownProblems).map((problem) => [placeOf(problem), foreign(problem.message)]);
    parts.unshift(section(`${id}-problems`, 'Problems', table('Problems', ['Place', 'What is wrong'], rows)));
  }
  const notes = [
    ...report.notes,
    ...(report.unsigned === 0
      ? []
      : [
          report.unsigned === 1
            ? 'The last transaction is not signed yet: nothing covers it.'
            : `The last ${report.unsigned} transactions are not signed yet: nothing covers them.`,
        ]),
    'The last signature transaction is covered by no other signature: its own fields are checked, and nothing else vouches for it.',
  ];
  const list = element('ul', {}, ...notes.map((note) => element('li', {}, foreign(note))));
  parts.push(section(`${id}-notes`, 'What was not checked', list));
  parts.push(section(`${id}-identities`, 'Identities of the service', identitiesTable(report)));
  return parts;
}

function ledgerFacts(report: LedgerReport, keysGiven: boolean): HTMLElement {
  const { first, last, lastSigned } = report;
  const range =
    first === undefined || last === undefined ? '' : `, ${writeTransactionId(first)} to ${writeTransactionId(last)}`;
  return facts([
    ['Files', `${report.files}, ${report.bytes.toLocaleString('en')} bytes`],
    ['Transactions', `${report.transactions.toLocaleString('en')}${range}`],
    ['Covered up to', lastSigned === undefined ? 'nothing' : writeTransactionId(lastSigned)],
    ['Root', report.lastRoot === undefined ? 'none' : code(report.lastRoot)],
    ['Signatures', `${report.nodeSignatures} by nodes, ${report.coseSignatures} by the service`],
    ['Members', `${report.governanceMessages} messages, ${report.proposals} proposals`],
    ['Snapshots', `${report.snapshots.filter(({ proven }) => proven).length} of ${report.snapshots.length} proved`],
    ['Private parts', keysGiven ? `${report.decrypted} opened` : 'not opened: add private encryption keys of members'],
  ]);
}

function identitiesTable({ identities }: LedgerReport): HTMLElement {
  const rows = identities.map(({ certificate, since, endorsed }, index) => [
    foreign(certificate.subject),
    writeTransactionId(since),
    `${certificate.notBefore} to ${certificate.notAfter}`,
    index === identities.length - 1
      ? 'the present one'
      : endorsed
        ? 'endorsed by the next'
        : 'not endorsed in the ledger',
  ]);
  return table('Identities', ['Name', 'Since', 'Certificate', 'Endorsement'], rows);
}

function provenFacts({
  transactionId,
  root,
  writeSetDigest,
  claimsDigest,
  signer,
  service,
  endorsementSteps,
}: ProvenReceipt): HTMLElement {
  return facts([
    ...(transactionId === undefined ? [] : [['Transaction', writeTransactionId(transactionId)] as const]),
    ...(writeSetDigest === undefined ? [] : [['Digest', code(writeSetDigest)] as const]),
    ...(claimsDigest === undefined ? [] : [['Claims', code(claimsDigest)] as const]),
    ['Root', code(root)],
    [signer.kind === 'node' ? 'Signed by node' : 'Signed by service', code(signer.id)],
    ['Service', foreign(`${service.subject}, valid ${service.notBefore} to ${service.notAfter}`)],
    ['Recoveries between', String(endorsementSteps)],
  ]);
}

function placeOf({ file, offset, transactionId }: LedgerProblem): HTMLElement {
  const parts = [
    ...(file === '' ? [] : [file]),
    ...(offset === undefined ? [] : [`offset ${offset}`]),
    ...(transactionId === undefined ? [] : [writeTransactionId(transactionId)]),
  ];
  return foreign(parts.join(', '));
}
