import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { leafOf } from '../entry/digests.ts';
import { publicWrites, readEntry, type LedgerEntry } from '../entry/entry.ts';
import type { ProofTools, SignedRoot } from '../signature/node-signature.ts';
import type { LedgerCertificate } from '../signature/certificate.ts';
import { MerkleTree } from '../tree/merkle-tree.ts';
import { isSerialised, readSerialisedTree } from '../tree/serialised.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';
import { Network } from './network.ts';
import { RecentTransactions } from './recent.ts';
import type { EntryPlace, Findings, LedgerPlace } from './report.ts';
import { RecordVerifier } from './records.ts';
import { openPrivatePart, type LedgerKeys } from './secrets.ts';
import {
  checkCoseSignature,
  checkNodeSignature,
  signedRootOf,
  type SignatureScene,
  type Vouching,
} from './signed-root.ts';
import { singleOf, tableNames, tables } from './tables.ts';

/** So many checks of signatures run at once. */
const maximumChecks = 64;
/** A row may need one. One transaction of a service changes a few rows of the tables that prove something. */
const maximumRows = 4096;

const noWrites: WriteSet = [];

export interface TransactionOptions {
  readonly trusted: readonly LedgerCertificate[];
  readonly keys?: LedgerKeys | undefined;
  /** Seqnos whose leaf is kept, for snapshots. */
  readonly leavesAt: ReadonlySet<number>;
  readonly onTransaction?: ((entry: LedgerEntry, privateWrites: WriteSet | undefined) => void) | undefined;
  readonly maxUnsigned: number;
}

/** Checks transactions one after the other, as they stand in the ledger. */
export class TransactionVerifier {
  readonly network: Network;
  readonly records: RecordVerifier;
  readonly leaves = new Map<number, Uint8Array>();
  readonly #options: TransactionOptions;
  readonly #findings: Findings;
  readonly #tools: ProofTools;
  readonly #checks = new Set<Promise<void>>();
  /** Undefined in a part of a ledger, until its first signature. */
  #tree: MerkleTree | undefined;
  readonly #recent = new RecentTransactions();
  #isPart = false;
  #mayJump = false;
  #endRoots: readonly Uint8Array[] = [];
  /** The root of the signature before, whether it holds or not. */
  #latestRoot: Uint8Array | undefined;
  transactions = 0;
  nodeSignatures = 0;
  coseSignatures = 0;
  decrypted = 0;
  first: TransactionId | undefined;
  last: TransactionId | undefined;
  lastSigned: ({ readonly id: TransactionId; readonly root: Uint8Array } & Vouching) | undefined;

  constructor(options: TransactionOptions, findings: Findings, tools: ProofTools) {
    this.#options = options;
    this.#findings = findings;
    this.#tools = tools;
    this.network = new Network(findings, tools);
    this.records = new RecordVerifier(findings, tools);
    this.#tree = MerkleTree.begin(tools.digests);
  }

  /**
   * From here on transactions are missing: the tree is taken from the next signature, and who takes part may have changed.
   */
  resume(): void {
    this.#tree = undefined;
    this.#isPart = true;
    this.#mayJump = true;
    this.#recent.clear();
    this.network.interrupt();
  }

  /** The transactions since the last signature. */
  get unsigned(): number {
    return this.#recent.length;
  }

  /**
   * Checks one more transaction.
   *
   * @returns What the caller must wait for before the next, when many checks run; undefined most times, since a turn of the event loop
   * takes longer than a transaction.
   */
  add(bytes: Uint8Array, at: EntryPlace): Promise<void> | undefined {
    const entry = this.#read(bytes, at);
    if (entry === undefined) {
      this.resume();
      return undefined;
    }
    const id = { view: entry.view, seqno: entry.seqno };
    const place = { file: at.file, offset: at.offset, transactionId: id };
    this.#checkOrder(id, place);
    const writes = this.#publicWrites(entry, place);
    this.#openPrivate(entry, place);
    if (writes.length > 0) this.#checkWrites(writes, id, place);
    this.#append(entry, id, place);
    return this.#checks.size >= maximumChecks ? Promise.race(this.#checks) : undefined;
  }

  /** What a transaction wrote to the tables that prove something. */
  #checkWrites(writes: WriteSet, id: TransactionId, place: LedgerPlace): void {
    const rows = writes.reduce((sum, changes) => sum + changes.writes.length + changes.removes.length, 0);
    if (rows > maximumRows) {
      this.#findings.problem('form', place, `One transaction changes ${rows} nodes, members and messages at once.`);
      return;
    }
    this.#applyToNetwork(writes, id, place);
    const scene = {
      writes,
      place,
      network: this.network,
      tree: this.#tree,
      isPart: this.#isPart,
      endRoots: this.#endRoots,
    };
    for (const check of this.records.check(scene)) this.#start(check);
    this.#checkSignature(writes, id, place);
  }

  /** Waits for what was begun. */
  async settle(): Promise<void> {
    await Promise.all(this.#checks);
  }

  #read(bytes: Uint8Array, at: LedgerPlace): LedgerEntry | undefined {
    try {
      return readEntry(bytes);
    } catch (error) {
      this.#report('form', at, error);
      return undefined;
    }
  }

  #checkOrder(id: TransactionId, place: LedgerPlace): void {
    const { last } = this;
    if (last !== undefined && id.seqno !== last.seqno + 1 && !(this.#mayJump && id.seqno > last.seqno)) {
      this.#findings.problem('order', place, `Transaction ${id.seqno} stands after ${last.seqno}.`);
      this.resume();
    } else if (last !== undefined && id.view < last.view) {
      this.#findings.problem('order', place, `Transaction ${id.seqno} is of view ${id.view}, after view ${last.view}.`);
    }
    if (this.#tree !== undefined && this.#tree.size !== id.seqno) this.resume();
    this.#mayJump = false;
    this.first ??= id;
    this.last = id;
    this.transactions++;
  }

  #publicWrites(entry: LedgerEntry, place: LedgerPlace): WriteSet {
    if (!entry.hasPublicMaps) return noWrites;
    try {
      return publicWrites(entry, tableNames);
    } catch (error) {
      this.#report('form', place, error);
      return [];
    }
  }

  #openPrivate(entry: LedgerEntry, place: LedgerPlace): void {
    const keys = this.#options.keys?.(entry.seqno);
    let writes: WriteSet | undefined;
    if (keys !== undefined) {
      try {
        writes = openPrivatePart(entry, keys, this.#tools);
        if (writes === undefined) {
          this.#findings.problem('private', place, 'The evidence of commit is not the one of this ledger’s secret.');
        } else this.decrypted++;
      } catch (error) {
        this.#report('private', place, error);
      }
    }
    this.#options.onTransaction?.(entry, writes);
  }

  /** A new identity of the service endorses the one before with the root that it signed last, or the one after that signature. */
  #applyToNetwork(writes: WriteSet, id: TransactionId, place: LedgerPlace): void {
    const before = this.network.identities.length;
    const isMove = singleOf(writes, tables.service) !== undefined;
    const endRoots = [this.#latestRoot, isMove ? this.#tree?.root() : undefined].filter((root) => root !== undefined);
    for (const check of this.network.apply(writes, id, place)) this.#start(check);
    if (this.network.identities.length > before) this.#endRoots = endRoots;
  }

  #checkSignature(writes: WriteSet, id: TransactionId, place: LedgerPlace): void {
    const byNode = singleOf(writes, tables.signatures);
    const byService = singleOf(writes, tables.coseSignatures);
    if (byNode === undefined && byService === undefined) return;
    const signed = this.#signedRoot(singleOf(writes, tables.tree), id, place);
    if (signed === undefined) {
      this.#findings.note('A signature in a part of a ledger has no tree beside it, and was not checked.');
      return;
    }
    const scene: SignatureScene = {
      id,
      place,
      network: this.network,
      trusted: this.#options.trusted,
      isPart: this.#isPart,
      findings: this.#findings,
      tools: this.#tools,
    };
    const mark = (vouching: Vouching | undefined, count: () => void): void => {
      if (vouching === undefined) return;
      count();
      const before = this.lastSigned?.id.seqno ?? 0;
      if (before > id.seqno) return;
      const service = vouching.service ?? (before === id.seqno ? this.lastSigned?.service : undefined);
      this.lastSigned = { id, root: signed.root, service };
    };
    if (byNode !== undefined) {
      this.#start(checkNodeSignature(byNode, signed, scene).then((found) => mark(found, () => this.nodeSignatures++)));
    }
    if (byService !== undefined) {
      const check = checkCoseSignature(byService, signed.root, scene);
      this.#start(check.then((found) => mark(found, () => this.coseSignatures++)));
    }
    this.#latestRoot = signed.root;
    this.#recent.clear();
    this.#tree?.flush(this.#tree.size - 1);
  }

  #recordedTree(value: Uint8Array, id: TransactionId, place: LedgerPlace): MerkleTree | undefined {
    try {
      const tree = readSerialisedTree(this.#tools.digests, value);
      if (tree.size === id.seqno) return tree;
      this.#findings.problem('root', place, `The tree beside the signature has ${tree.size} leaves.`);
    } catch (error) {
      this.#report('form', place, error);
    }
    return undefined;
  }

  /** The root that must be signed. Where the recorded tree differs, it tells which transaction was changed. */
  #signedRoot(value: Uint8Array | undefined, id: TransactionId, place: LedgerPlace): SignedRoot | undefined {
    const own = this.#tree === undefined ? undefined : signedRootOf(this.#tree, this.#tools);
    if (value === undefined || (this.#tree !== undefined && isSerialised(this.#tree, value))) return own;
    const recorded = this.#recordedTree(value, id, place);
    if (recorded === undefined) return own;
    const theirs = signedRootOf(recorded, this.#tools);
    if (own !== undefined && equalBytes(own.root, theirs.root)) return own;
    const changed = this.#recent.otherThan(recorded);
    for (const of of changed) {
      const { view, seqno } = of.transactionId;
      this.#findings.problem('root', of, `Transaction ${view}.${seqno} is not the one that was signed.`);
    }
    this.#requireCovered(recorded, place);
    if (own !== undefined && changed.length === 0) {
      this.#findings.problem('root', place, `The transactions give another root than the tree beside the signature.`);
    }
    // One problem is told once: what follows is checked against the tree that was signed.
    this.#tree = recorded;
    return theirs;
  }

  /** The tree of the first signature in a part may begin later than the part: nothing would cover what stands between. */
  #requireCovered(recorded: MerkleTree, place: LedgerPlace): void {
    const { first } = this.#recent;
    if (this.#tree !== undefined || first === undefined || first >= recorded.flushed) return;
    const range = `${first} to ${recorded.flushed - 1}`;
    this.#findings.problem('root', place, `No signature covers the transactions ${range}: give the files before, too.`);
  }

  #append(entry: LedgerEntry, id: TransactionId, place: EntryPlace): void {
    const leaf = leafOf(this.#tools.digests, entry);
    const { maxUnsigned } = this.#options;
    if (this.#recent.length >= maxUnsigned) {
      const message = `No signature covers the ${maxUnsigned} transactions before ${id.view}.${id.seqno}.`;
      this.#findings.problem('signature', place, message);
      this.resume();
    }
    this.#recent.push(id, leaf, place);
    if (this.#options.leavesAt.has(id.seqno)) this.leaves.set(id.seqno, leaf);
    this.#tree?.append(leaf);
  }

  #start(check: Promise<void>): void {
    const running = check.finally(() => this.#checks.delete(running));
    this.#checks.add(running);
  }

  #report(rule: 'form' | 'private', place: LedgerPlace, error: unknown): void {
    if (!isEnclosError(error)) throw error;
    this.#findings.problem(rule, place, error.message);
  }
}
