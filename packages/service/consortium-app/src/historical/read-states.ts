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
import type { LedgerView } from '../context.ts';
import { pastState, type PastState, type VerifiedEntry } from './past-state.ts';
import type { PastService } from './past-service.ts';
import { verifySignature } from './signatures.ts';

/** Where the bytes of the ledger are. It is not trusted. */
export interface LedgerSource {
  /**
   * Entries with header and body, from a seqno on: one to `most` of them, and none only where there are no more. The bytes must
   * not change afterwards.
   */
  read(from: number, most: number): Promise<readonly Uint8Array[]>;
}

/** What entries are held to. */
export interface ReadingRules {
  readonly source: LedgerSource;
  readonly ledger: LedgerView;
  /** The secrets of the ledger. */
  readonly keys: LedgerKeys;
  readonly services: () => readonly PastService[];
  readonly tools: ProofTools;
  /** Entries up to the signature after the range are read: no more bytes than this. */
  readonly maxBytes: number;
}

const entriesAtOnce = 256;

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
  while (!reading.isDone) {
    const entries = await rules.source.read(reading.next, entriesAtOnce);
    if (entries.length === 0) throw unavailable(`The ledger ends before the signature after transaction ${last}.`);
    for (const bytes of entries) if (!reading.isDone) await reading.add(bytes);
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

  constructor(first: number, last: number, rules: ReadingRules) {
    this.next = first;
    this.#last = last;
    this.#rules = rules;
  }

  get isDone(): boolean {
    return this.next > this.#last && this.#waiting.length === 0;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#count(bytes.length);
    const entry = readEntry(bytes);
    const { seqno, view } = entry;
    if (seqno !== this.next) throw unavailable(`The source gave transaction ${seqno} in place of ${this.next}.`);
    if (view !== this.#rules.ledger.viewOf(seqno)) {
      throw unproven('view', `Transaction ${seqno} has view ${view}, which is not that of the ledger there.`);
    }
    const verified = this.#open(entry);
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
    const { maxBytes } = this.#rules;
    if (this.#bytes <= maxBytes) return;
    throw new EnclosError(
      'HISTORY_TOO_LARGE',
      `The range has more than ${maxBytes} bytes with the signature after it.`,
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
