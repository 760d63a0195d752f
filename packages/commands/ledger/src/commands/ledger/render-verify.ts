import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { grouped, printable, type Printer } from '@enclos/command-line';
import {
  writeTransactionId,
  type LedgerProblem,
  type LedgerReport,
  type ProvenReceipt,
  type ProvenSnapshot,
} from '@enclos/ledger/proof';

/** What `enclos ledger verify` found. */
export type VerifyOutcome =
  | { readonly kind: 'ledger'; readonly report: LedgerReport; readonly keysGiven: boolean }
  | {
      readonly kind: 'receipt';
      readonly form: 'cose' | 'json';
      readonly proven: ProvenReceipt;
      readonly claimsCompared: boolean;
    }
  | {
      readonly kind: 'snapshots';
      readonly proven: readonly { readonly file: string; readonly proven: ProvenSnapshot }[];
    };

const shownProblems = 50;

export function renderOutcome(outcome: VerifyOutcome, printer: Printer): void {
  if (outcome.kind === 'ledger') renderLedger(outcome, printer);
  else if (outcome.kind === 'receipt') renderReceipt(outcome, printer);
  else renderSnapshots(outcome, printer);
}

function renderLedger({ report, keysGiven }: Extract<VerifyOutcome, { kind: 'ledger' }>, printer: Printer): void {
  const { holds, problems, problemCount, first, last, lastSigned } = report;
  const headline = holds ? 'the ledger holds' : `the ledger does not hold: ${counted(problemCount, 'problem')}`;
  printer.line(`${markOf(holds ? 'ok' : 'failure', printer)} ${headline}`);
  renderFacts(
    [
      ['files', `${report.files}, ${grouped(report.bytes)} bytes`],
      ['transactions', rangeOf(report.transactions, first, last)],
      ['covered up to', lastSigned === undefined ? 'nothing' : writeTransactionId(lastSigned)],
      ['root', report.lastRoot ?? 'none'],
      ['signatures', `${report.nodeSignatures} by nodes, ${report.coseSignatures} by the service`],
      ['identities', String(report.identities.length)],
      ['members', `${counted(report.governanceMessages, 'message')}, ${counted(report.proposals, 'proposal')}`],
      ['snapshots', `${report.snapshots.filter(({ proven }) => proven).length} of ${report.snapshots.length} proved`],
      ['private parts', keysGiven ? `${report.decrypted} opened` : 'not opened'],
    ],
    printer,
  );
  const failure = markOf('failure', printer);
  for (const problem of problems.slice(0, shownProblems)) printer.line(`${failure} ${printable(placed(problem))}`);
  if (problemCount > shownProblems) printer.line(`  and ${problemCount - shownProblems} more: see --json`);
  for (const note of [...report.notes, ...caveatsOf(report, keysGiven)]) {
    printer.line(`${markOf('warning', printer)} ${printable(note)}`);
  }
  if (!holds) return;
  printer.line('');
  printer.line(
    `This proves: ${report.trusted === true ? 'the service' : 'the service that this ledger names'} signed exactly these transactions, in this order, up to ${lastSigned === undefined ? 'none' : writeTransactionId(lastSigned)}.`,
  );
  printer.line('It does not prove that nothing came later, nor that other copies of the ledger end here.');
}

function caveatsOf(report: LedgerReport, keysGiven: boolean): readonly string[] {
  const { unsigned, identities } = report;
  const unendorsed = identities.slice(0, -1).filter(({ endorsed }) => !endorsed).length;
  return [
    ...(unsigned > 0 ? [unsignedNote(unsigned)] : []),
    ...(unendorsed > 0
      ? [
          `${counted(unendorsed, 'recovery', 'recoveries')} left no endorsement in the ledger: that the members approved them, as the proposals say, is what joins the identities.`,
        ]
      : []),
    ...(keysGiven ? [] : ['The private parts were not opened: their bytes are covered, what they say is not shown.']),
    'The last signature transaction is covered by no other signature: its own fields are checked, and nothing else vouches for it.',
  ];
}

function unsignedNote(count: number): string {
  if (count === 1) return 'The last transaction is not signed yet: nothing covers it.';
  return `The last ${grouped(count)} transactions are not signed yet: nothing covers them.`;
}

function renderReceipt(
  { form, proven, claimsCompared }: Extract<VerifyOutcome, { kind: 'receipt' }>,
  printer: Printer,
): void {
  printer.line(`${markOf('ok', printer)} the receipt holds: ${form === 'json' ? 'JSON' : 'COSE'}`);
  renderFacts(factsOf(proven), printer);
  if (!claimsCompared && claimsIn(proven) !== noClaims) {
    printer.line(`${markOf('warning', printer)} The claims were not compared: give --claims-digest.`);
  }
  printer.line('');
  printer.line(
    proven.writeSetDigest === undefined
      ? 'This proves: a node of the service signed this root. It names no transaction.'
      : 'This proves: the service committed a transaction with this digest and these claims.',
  );
  printer.line('It does not prove what the transaction says: compare its digest, or its claims, with what you hold.');
}

function renderSnapshots({ proven }: Extract<VerifyOutcome, { kind: 'snapshots' }>, printer: Printer): void {
  for (const { file, proven: one } of proven) {
    printer.line(`${markOf('ok', printer)} ${file} holds: the state after transaction ${one.seqno}`);
    renderFacts(factsOf(one), printer);
  }
  printer.line('');
  printer.line('This proves: the service committed a transaction with the digest of each snapshot.');
  printer.line('It does not prove that it is the newest one.');
}

function factsOf(proven: ProvenReceipt): readonly (readonly [string, string])[] {
  const { transactionId, signer, service, endorsementSteps } = proven;
  return [
    ...(transactionId === undefined ? [] : [['transaction', writeTransactionId(transactionId)] as const]),
    ...(proven.writeSetDigest === undefined ? [] : [['digest', proven.writeSetDigest] as const]),
    ...(proven.claimsDigest === undefined ? [] : [['claims', claimsIn(proven)] as const]),
    ['root', proven.root],
    [signer.kind === 'node' ? 'signed by node' : 'signed by service', signer.id],
    ['service', `${service.subject}, valid ${service.notBefore} to ${service.notAfter}`],
    ...(endorsementSteps === 0 ? [] : [['recoveries between', String(endorsementSteps)] as const]),
  ];
}

const noClaims = 'none';

/** Transactions without claims have a digest of zeros (CCF, include/ccf/claims_digest.h). */
function claimsIn({ claimsDigest = '' }: ProvenReceipt): string {
  return /^0+$/.test(claimsDigest) ? noClaims : claimsDigest;
}

function placed({ file, offset, transactionId, message }: LedgerProblem): string {
  const place = [
    ...(file === '' ? [] : [file]),
    ...(offset === undefined ? [] : [`offset ${offset}`]),
    ...(transactionId === undefined ? [] : [`transaction ${writeTransactionId(transactionId)}`]),
  ];
  return place.length === 0 ? message : `${place.join(', ')}: ${message}`;
}

function rangeOf(count: number, first: LedgerReport['first'], last: LedgerReport['last']): string {
  if (first === undefined || last === undefined) return String(count);
  return `${grouped(count)}, ${writeTransactionId(first)} to ${writeTransactionId(last)}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function outcomeJson(outcome: VerifyOutcome): object {
  if (outcome.kind === 'receipt') {
    const { form, proven, claimsCompared } = outcome;
    return { kind: outcome.kind, holds: true, form, claimsCompared, ...provenJson(proven) };
  }
  if (outcome.kind === 'snapshots') {
    const snapshots = outcome.proven.map(({ file, proven }) => ({ file, seqno: proven.seqno, ...provenJson(proven) }));
    return { kind: outcome.kind, holds: true, snapshots };
  }
  const { first, last, lastSigned, identities, problems, ...report } = outcome.report;
  return {
    kind: outcome.kind,
    ...report,
    first: first === undefined ? null : writeTransactionId(first),
    last: last === undefined ? null : writeTransactionId(last),
    lastSigned: lastSigned === undefined ? null : writeTransactionId(lastSigned),
    keysGiven: outcome.keysGiven,
    identities: identities.map(({ certificate, since, endorsed }) => ({
      subject: certificate.subject,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      since: writeTransactionId(since),
      endorsed,
    })),
    problems: problems.map(({ transactionId, ...problem }) => ({
      ...problem,
      ...(transactionId === undefined ? {} : { transactionId: writeTransactionId(transactionId) }),
    })),
  };
}

function provenJson({ transactionId, signer, service, ...proven }: ProvenReceipt): object {
  const { kind, id } = signer;
  return {
    ...proven,
    transactionId: transactionId === undefined ? null : writeTransactionId(transactionId),
    signer: { kind, id, ...('signatureId' in signer ? { signatureId: writeTransactionId(signer.signatureId) } : {}) },
    service: { subject: service.subject, notBefore: service.notBefore, notAfter: service.notAfter },
  };
}
