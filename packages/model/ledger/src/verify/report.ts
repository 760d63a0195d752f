import type { LedgerCertificate } from '../signature/certificate.ts';
import type { TransactionId } from '../write-set.ts';

/** Which rule of a ledger is broken. */
export type LedgerRule =
  /** The bytes of a file do not have the form of a ledger. */
  | 'form'
  /** Transactions are missing between two files, or before the first. */
  | 'gap'
  /** A file ends before the last transaction that its name promises, or a committed one without a signature. */
  | 'truncated'
  /** Two files, or two transactions, are for one place. */
  | 'order'
  /** The root that is signed is not the one that the transactions give. */
  | 'root'
  | 'signature'
  /** The node that signed was not part of the network, or its certificate is not of the service. */
  | 'node'
  /** The status of the service moved as it must not. */
  | 'status'
  /** The service is not the one that was expected, or one identity did not follow from the other. */
  | 'identity'
  /** A message of a member, or a proposal, is not what its record says. */
  | 'governance'
  /** The private part does not decrypt, or the evidence of commit is another one. */
  | 'private'
  | 'snapshot';

/** Where something stands. */
export interface LedgerPlace {
  readonly file: string;
  /** Bytes from the begin of the file. */
  readonly offset?: number;
  readonly transactionId?: TransactionId;
}

/** Where an entry stands. */
export type EntryPlace = Required<Pick<LedgerPlace, 'file' | 'offset'>>;

export interface LedgerProblem extends LedgerPlace {
  readonly rule: LedgerRule;
  /** A sentence. */
  readonly message: string;
}

/** One identity of the service: it has another after each recovery. */
export interface ServiceIdentity {
  readonly certificate: LedgerCertificate;
  /** The transaction that brought it in. */
  readonly since: TransactionId;
  /** Whether the next identity endorses it in the ledger, and the endorsement holds. */
  readonly endorsed: boolean;
}

/** A snapshot, and whether its receipt proves it. */
export interface SnapshotFinding {
  readonly file: string;
  readonly seqno: number;
  readonly proven: boolean;
  /** Whether the ledger that was read holds the evidence, with this digest. */
  readonly evidenceSeen: boolean;
}

/** What a ledger proves. */
export interface LedgerReport {
  /** Whether there is a signature and no problem. */
  readonly holds: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly transactions: number;
  readonly first?: TransactionId;
  readonly last?: TransactionId;
  /** The last transaction with a signature that holds: it covers all before. */
  readonly lastSigned?: TransactionId;
  /** The root that it signs, hex. */
  readonly lastRoot?: string;
  /** Transactions after it, which nothing covers yet. */
  readonly unsigned: number;
  /** Bytes of an entry at the end of an open file, which a node was writing. */
  readonly tornBytes: number;
  readonly nodeSignatures: number;
  readonly coseSignatures: number;
  readonly governanceMessages: number;
  readonly proposals: number;
  /** Transactions whose private part decrypted; their evidence of commit was checked too, where they have any. */
  readonly decrypted: number;
  readonly identities: readonly ServiceIdentity[];
  /** Whether a service that the caller trusts vouches for the last signature; undefined where none was given. */
  readonly trusted?: boolean;
  readonly snapshots: readonly SnapshotFinding[];
  /** At most 1,000; `problemCount` counts all. */
  readonly problems: readonly LedgerProblem[];
  readonly problemCount: number;
  /** What was not checked, and why: sentences. */
  readonly notes: readonly string[];
}

const maximumProblems = 1000;
const maximumNotes = 100;

/** Collects what is found. Checks run at once, so that problems are put in the order of the ledger at the end. */
export class Findings {
  readonly #problems: LedgerProblem[] = [];
  readonly #notes = new Set<string>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  problem(rule: LedgerRule, place: LedgerPlace, message: string): void {
    this.#count++;
    if (this.#problems.length < maximumProblems) this.#problems.push(Object.freeze({ rule, ...place, message }));
  }

  note(text: string): void {
    if (this.#notes.size < maximumNotes) this.#notes.add(text);
  }

  get problems(): readonly LedgerProblem[] {
    return this.#problems.toSorted(
      (left, right) => (left.transactionId?.seqno ?? Infinity) - (right.transactionId?.seqno ?? Infinity),
    );
  }

  get notes(): readonly string[] {
    return [...this.#notes];
  }
}
