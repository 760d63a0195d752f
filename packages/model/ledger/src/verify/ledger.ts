import { equalBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { ChunkScanner, type ChunkEnd } from '../chunk/scanner.ts';
import type { LedgerEntry } from '../entry/entry.ts';
import type { LedgerCertificate } from '../signature/certificate.ts';
import { parseSnapshotName } from '../snapshot/names.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import type { WriteSet } from '../write-set.ts';
import { chunksInOrder, type ChunkSource, type LedgerFile } from './files.ts';
import { Findings, type LedgerReport, type SnapshotFinding } from './report.ts';
import type { LedgerKeys } from './secrets.ts';
import { checkSnapshot } from './snapshot-check.ts';
import { TransactionVerifier } from './transactions.ts';

const defaultMaxUnsigned = 2 ** 20;

/** How far a verification is. */
export interface LedgerProgress {
  readonly file: string;
  readonly bytes: number;
  /** Undefined where a file does not tell its size. */
  readonly totalBytes?: number;
  readonly transactions: number;
}

export interface LedgerExpectation {
  /** Certificates of the service that the caller trusts. Without them the ledger is taken at its own word. */
  readonly services?: readonly LedgerCertificate[];
  /** The whole content of each snapshot. */
  readonly snapshots?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Ledger secrets, to check private parts too. */
  readonly keys?: LedgerKeys;
  /** Whether the files may be a part of a ledger: without its begin. Default: false. */
  readonly part?: boolean;
  /**
   * So many transactions without a signature are a problem. They are held in memory until one comes. Default: 1,048,576; a node signs
   * after 5,000, or after a second (CCF, `ledger_signatures`).
   */
  readonly maxUnsigned?: number;
  /**
   * Called for every transaction, with what it wrote privately where the secret of its time is known. The entry's bytes are a view of
   * what was read, and hold until this returns.
   */
  readonly onTransaction?: (entry: LedgerEntry, privateWrites: WriteSet | undefined) => void;
  /** Called after every piece. */
  readonly onProgress?: (progress: LedgerProgress) => void;
}

/**
 * Verifies a whole ledger: that its files are whole and follow each other; that every root that was signed is the one of the
 * transactions; that nodes of the service signed, or the service itself; how the service moved and was recovered; the messages
 * and proposals of its members; and its snapshots. It holds the transactions between two signatures at most.
 *
 * @returns A report, which names the place of each problem. What follows a problem is checked too.
 * @example
 * const report = await verifyLedger(files, { services: [service] }, { digests: nodeDigests, subtle: webcrypto.subtle });
 * if (!report.holds) console.error(report.problems);
 */
export async function verifyLedger(
  files: readonly LedgerFile[],
  expected: LedgerExpectation,
  tools: ProofTools,
): Promise<LedgerReport> {
  const findings = new Findings();
  const { services = [], snapshots = [], keys, onTransaction, maxUnsigned = defaultMaxUnsigned } = expected;
  const names = snapshots.map(({ name }) => parseSnapshotName(name)?.seqno ?? -1);
  const options = { trusted: services, keys, leavesAt: new Set(names), onTransaction, maxUnsigned };
  const verifier = new TransactionVerifier(options, findings, tools);
  const reading = new Reading(verifier, findings, expected, totalOf(files));
  const chunks = chunksInOrder(files, findings);
  for (const [index, chunk] of chunks.entries()) await reading.chunk(chunk, index === chunks.length - 1);
  await verifier.settle();
  const trusted = checkIdentity(verifier, services, findings);
  const snapshotFindings: SnapshotFinding[] = [];
  for (const snapshot of snapshots) {
    snapshotFindings.push(await checkSnapshot(snapshot, { verifier, services, findings, tools }));
  }
  const signatures = verifier.nodeSignatures + verifier.coseSignatures;
  if (chunks.length > 0 && signatures === 0) {
    findings.problem('signature', { file: chunks.at(-1)?.name ?? '' }, 'No signature covers these transactions.');
  }
  if (keys !== undefined && verifier.decrypted === 0 && findings.problems.some(({ rule }) => rule === 'private')) {
    findings.note(
      'No private part opens with these keys: they may be those of another ledger. Verify without them, too.',
    );
  }
  const { first, last, lastSigned } = verifier;
  return Object.freeze({
    holds: findings.count === 0 && signatures > 0,
    files: chunks.length,
    bytes: reading.bytes,
    transactions: verifier.transactions,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    ...(lastSigned === undefined ? {} : { lastSigned: lastSigned.id, lastRoot: toHex(lastSigned.root) }),
    // A signature transaction is not covered by its own signature.
    unsigned: Math.max(0, (last?.seqno ?? 0) - (lastSigned?.id.seqno ?? (first?.seqno ?? 1) - 1)),
    tornBytes: reading.tornBytes,
    nodeSignatures: verifier.nodeSignatures,
    coseSignatures: verifier.coseSignatures,
    governanceMessages: verifier.records.messages,
    proposals: verifier.records.proposals,
    decrypted: verifier.decrypted,
    identities: verifier.network.identities.map((identity) => Object.freeze({ ...identity })),
    ...(trusted === undefined ? {} : { trusted }),
    snapshots: snapshotFindings,
    problems: findings.problems,
    problemCount: findings.count,
    notes: findings.notes,
  });
}

function totalOf(files: readonly LedgerFile[]): number | undefined {
  const sizes = files.map(({ size }) => size).filter((size) => size !== undefined);
  return sizes.length === files.length ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
}

/** Reads the chunks, and sees whether they are whole and follow each other. */
class Reading {
  readonly #verifier: TransactionVerifier;
  readonly #findings: Findings;
  readonly #expected: LedgerExpectation;
  readonly #totalBytes: number | undefined;
  /** The seqno that must come next. */
  #next = 1;
  bytes = 0;
  tornBytes = 0;

  constructor(
    verifier: TransactionVerifier,
    findings: Findings,
    expected: LedgerExpectation,
    totalBytes: number | undefined,
  ) {
    this.#verifier = verifier;
    this.#findings = findings;
    this.#expected = expected;
    this.#totalBytes = totalBytes;
  }

  async chunk(chunk: ChunkSource, isLast: boolean): Promise<void> {
    this.#checkBegin(chunk);
    const before = this.#verifier.last?.seqno;
    let entries = 0;
    const scanner = new ChunkScanner();
    try {
      for await (const piece of chunk.read()) {
        this.bytes += piece.length;
        for (const { offset, bytes } of scanner.push(piece)) {
          entries++;
          const running = this.#verifier.add(bytes, { file: chunk.name, offset });
          if (entries === 1) this.#checkFirst(chunk, before);
          if (running !== undefined) await running;
        }
        this.#progress(chunk.name);
      }
      const end = scanner.finish();
      this.#checkEnd(chunk, entries, end, isLast);
    } catch (error) {
      if (!isEnclosError(error) || error.code !== 'LEDGER_INVALID') throw error;
      this.#findings.problem('form', { file: chunk.name }, error.message);
      this.#verifier.resume();
    }
    const last = this.#verifier.last?.seqno;
    this.#next = last === undefined || last === before ? chunk.first + entries : last + 1;
    if (chunk.last !== undefined && this.#next <= chunk.last) this.#next = chunk.last + 1;
  }

  #checkBegin({ name, first }: ChunkSource): void {
    if (first === this.#next) return;
    const isBegin = this.#verifier.transactions === 0 && this.#next === 1;
    if (first < this.#next) {
      this.#findings.problem(
        'order',
        { file: name },
        `The file begins with transaction ${first}, which was read before.`,
      );
    } else if (isBegin && this.#expected.part === true) {
      this.#findings.note(`The files begin with transaction ${first}: what stands before was not checked.`);
    } else {
      this.#findings.problem(
        'gap',
        { file: name },
        `The transactions ${this.#next} to ${first - 1} are missing before this file.`,
      );
    }
    this.#verifier.resume();
  }

  /** The name alone says whether transactions are missing before a file: it must be the truth. */
  #checkFirst({ name, first }: ChunkSource, before: number | undefined): void {
    const seqno = this.#verifier.last?.seqno;
    if (seqno === undefined || seqno === before || seqno === first) return;
    const message = `The file begins with transaction ${seqno}, and its name promises ${first}.`;
    this.#findings.problem('order', { file: name }, message);
  }

  #checkEnd(chunk: ChunkSource, entries: number, { complete, tornBytes }: ChunkEnd, isLast: boolean): void {
    const place = { file: chunk.name };
    const end = chunk.first + entries - 1;
    if (chunk.last !== undefined && chunk.last !== end) {
      this.#findings.problem(
        'truncated',
        place,
        `The file ends with transaction ${end}, and its name promises ${chunk.last}.`,
      );
    }
    if (chunk.committed && !complete) {
      this.#findings.problem('truncated', place, 'The file is committed by its name, and has no table of entries.');
    }
    if (chunk.committed && this.#verifier.unsigned > 1) {
      this.#findings.problem(
        'truncated',
        place,
        'The file is committed by its name, and does not end with a signature.',
      );
    }
    if (tornBytes === 0) return;
    this.tornBytes += tornBytes;
    if (chunk.committed || !isLast) {
      this.#findings.problem('truncated', place, `The file ends within an entry, ${tornBytes} bytes after its begin.`);
    } else {
      this.#findings.note(
        `${chunk.name} ends within an entry that a node was writing, ${tornBytes} bytes after its begin.`,
      );
    }
  }

  #progress(file: string): void {
    const totalBytes = this.#totalBytes;
    this.#expected.onProgress?.({
      file,
      bytes: this.bytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      transactions: this.#verifier.transactions,
    });
  }
}

/** The last signature vouches for all entries before it. No node has signed what stands after it: anyone can have written that. */
function checkIdentity(
  { lastSigned }: TransactionVerifier,
  services: readonly LedgerCertificate[],
  findings: Findings,
): boolean | undefined {
  if (services.length === 0) {
    findings.note(
      'No certificate of the service was given, so the ledger is taken at its own word about who the service is.',
    );
    return undefined;
  }
  if (lastSigned === undefined) return undefined;
  const { service } = lastSigned;
  const trusted = service !== undefined && services.some(({ key }) => equalBytes(key.spki, service.key.spki));
  if (!trusted) {
    findings.problem(
      'identity',
      { file: '' },
      'The certificate that was given is not that of the service that signed this ledger.',
    );
  }
  return trusted;
}
