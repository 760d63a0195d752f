import './errors.ts';
import { equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  commitEvidence,
  leafOf,
  privateWrites,
  publicWrites,
  readEntry,
  readSerialisedTree,
  type LedgerEntry,
  type WriteSet,
} from '@enclos/ledger';
import { singleOf, tables, type LeafComponents, type LedgerKeys, type ProofTools } from '@enclos/ledger/proof';
import type { LedgerView } from './view.ts';
import { bytesOfRows, pastState, type PastState, type VerifiedEntry } from './past-state.ts';
import type { PastService } from './past-service.ts';
import { verifySignature } from './signatures.ts';
import type { LedgerSource } from './source.ts';

/** What entries are held to. */
export interface ReadingRules {
  readonly source: LedgerSource;
  readonly ledger: LedgerView;
  /** The secrets of the ledger. */
  readonly keys: LedgerKeys;
  readonly services: () => readonly PastService[];
  readonly tools: ProofTools;
  /** Entries up to the signature after the range are read: no more bytes than this, which are counted before they are read. */
  readonly maxBytes: number;
}

const lengthsAtOnce = 256;
/** One piece has so many bytes, or one entry: the signature may be near, and what is beyond it is read for nothing. */
const pieceBytes = 262_144;

/**
 * Reads the transactions of a range, both ends included, and what follows until a signature covers them all. Each decrypts under
 * the ledger secret of its time, which authenticates it whole, has the view that the ledger has there, and is in the tree that a
 * node of the service signed, or the service itself.
 *
 * @throws LEDGER_INVALID, LEDGER_SECRET_WRONG, LEDGER_UNPROVEN for entries that are not those; LEDGER_UNAVAILABLE where entries
 *   are missing; HISTORY_TOO_LARGE.
 */
export async function readStates(first: number, last: number, rules: ReadingRules): Promise<readonly PastState[]> {
  const reading = new Reading(first, last, rules);
  let lengths: readonly number[] = [];
  while (!reading.isDone) {
    if (lengths.length === 0) lengths = await rules.source.lengths(reading.next, lengthsAtOnce);
    if (lengths.length === 0) throw unavailable(`The ledger ends before the signature after transaction ${last}.`);
    const piece = reading.count(lengths);
    const entries = await rules.source.read(reading.next, piece.length);
    if (entries.length !== piece.length) {
      throw unavailable(`The source gave ${entries.length} of ${piece.length} entries.`);
    }
    for (const [at, bytes] of entries.entries()) if (!reading.isDone) await reading.add(bytes, piece[at]);
    lengths = lengths.slice(piece.length);
  }
  return reading.states;
}

class Reading {
  readonly states: PastState[] = [];
  next: number;
  readonly #last: number;
  readonly #rules: ReadingRules;
  /** Not covered by a signature yet. */
  #waiting: VerifiedEntry[] = [];
  #bytes = 0;
  /** What their rows hold besides, which no source tells before they are read. */
  #rowBytes = 0;

  constructor(first: number, last: number, rules: ReadingRules) {
    this.next = first;
    this.#last = last;
    this.#rules = rules;
  }

  get isDone(): boolean {
    return this.next > this.#last && this.#waiting.length === 0;
  }

  /**
   * The lengths of the next piece, which it counts.
   * @throws HISTORY_TOO_LARGE
   */
  count(lengths: readonly number[]): readonly number[] {
    const piece: number[] = [];
    let bytes = 0;
    for (const length of lengths) {
      if (!Number.isSafeInteger(length) || length < 1) throw unavailable(`The source has an entry of ${length} bytes.`);
      if (piece.length > 0 && bytes + length > pieceBytes) break;
      piece.push(length);
      bytes += length;
    }
    this.#count(bytes);
    return piece;
  }

  /** @param counted the length that the entry was said to have. */
  async add(bytes: Uint8Array, counted: number | undefined): Promise<void> {
    if (bytes.length !== counted) {
      throw unavailable(`The source gave ${bytes.length} bytes for transaction ${this.next}, and said ${counted}.`);
    }
    const entry = readEntry(bytes);
    const { seqno, view } = entry;
    if (seqno !== this.next) throw unavailable(`The source gave transaction ${seqno} in place of ${this.next}.`);
    if (view !== this.#rules.ledger.viewOf(seqno)) {
      throw unproven('view', `Transaction ${seqno} has view ${view}, which is not that of the ledger there.`);
    }
    const verified = this.#open(entry);
    this.#rowBytes += bytesOfRows(verified.writes);
    this.#requireAtMost(this.#rowBytes);
    this.next++;
    if (singleOf(verified.writes, tables.signatures) ?? singleOf(verified.writes, tables.coseSignatures)) {
      await this.#cover(verified);
    } else if (seqno <= this.#last) this.#waiting.push(verified);
  }

  /** The states before a signature, and its own where it is asked for. */
  async #cover(by: VerifiedEntry): Promise<void> {
    const { tools, services } = this.#rules;
    const { seqno } = by.entry;
    const tree = readSerialisedTree(tools.digests, singleOf(by.writes, tables.tree) ?? new Uint8Array());
    if (tree.size !== seqno) throw unproven('root', `The tree of the signature ${seqno} has ${tree.size} leaves.`);
    const signature = await verifySignature(by, tree, services(), tools);
    for (const waiting of this.#waiting) {
      if (!equalBytes(tree.leaf(waiting.entry.seqno), leafOf(tools.digests, waiting.entry))) {
        throw unproven('root', `Transaction ${waiting.entry.seqno} is not the one that was signed.`);
      }
      this.states.push(pastState(waiting, signature));
    }
    this.#waiting = [];
    if (seqno <= this.#last) this.states.push(pastState(by, signature));
  }

  #open(entry: LedgerEntry): VerifiedEntry {
    const { keys, tools } = this.#rules;
    const { seqno, commitEvidenceDigest, claimsDigest, bytes } = entry;
    const known = keys(seqno);
    if (known === undefined) throw unavailable(`The ledger secret of transaction ${seqno} is not known.`);
    // Decryption authenticates the public part too: before, nothing in it is looked at.
    const privatePart = privateWrites(entry, known.cipher);
    const writes = inOrder(publicWrites(entry), privatePart);
    const evidence = commitEvidenceDigest === undefined ? undefined : commitEvidence(known.commit, entry);
    if (evidence !== undefined && !equalBytes(tools.digests.sha256(utf8(evidence)), commitEvidenceDigest ?? utf8(''))) {
      throw unproven('evidence', `The evidence of commit of transaction ${seqno} is not the one of its secret.`);
    }
    const leaf: LeafComponents = {
      writeSetDigest: tools.digests.sha256(bytes),
      ...(evidence === undefined ? {} : { commitEvidence: evidence }),
      ...(claimsDigest === undefined ? {} : { claimsDigest }),
    };
    return { entry, writes, leaf };
  }

  #count(length: number): void {
    this.#bytes += length;
    this.#requireAtMost(this.#bytes);
  }

  #requireAtMost(bytes: number): void {
    const { maxBytes } = this.#rules;
    if (bytes <= maxBytes) return;
    throw new EnclosError(
      'HISTORY_TOO_LARGE',
      `The range holds more than ${maxBytes} bytes with the signature after it.`,
      {
        details: { maximum: maxBytes },
      },
    );
  }
}

const inOrder = (publicPart: WriteSet, privatePart: WriteSet): WriteSet =>
  privatePart.length === 0 ? publicPart : [...publicPart, ...privatePart];

function unavailable(message: string): EnclosError {
  return new EnclosError('LEDGER_UNAVAILABLE', message);
}

function unproven(rule: string, message: string): EnclosError {
  return new EnclosError('LEDGER_UNPROVEN', message, { details: { rule } });
}
