import { EnclosError } from '@enclos/errors';
import { digestBytes, type LedgerDigests } from '../digests.ts';
import { Level } from './level.ts';

/** One step from a leaf to the root: the digest that stands beside, and on which side. */
export interface ProofStep {
  readonly side: 'left' | 'right';
  readonly digest: Uint8Array;
}

/**
 * The Merkle tree of a ledger (CCF, src/node/history.h): the index of a leaf is the seqno of its transaction, leaf 0 is 32 zero
 * bytes, a parent is the SHA-256 of its two children, and a node without a neighbour rises unchanged.
 *
 * The tree can be asked about any earlier number of leaves, and can go back to it.
 *
 * @example const tree = MerkleTree.begin(nodeDigests); tree.append(leafOf(nodeDigests, readEntry(bytes))); tree.root();
 */
export class MerkleTree {
  readonly #digests: LedgerDigests;
  /** By height. Each holds the nodes that have all of their leaves. */
  readonly #levels: Level[] = [];
  readonly #scratch = new Uint8Array(2 * digestBytes);
  #flushed = 0;

  /** An empty tree. Trees of ledgers begin with leaf 0: see `begin`. */
  constructor(digests: LedgerDigests) {
    this.#digests = digests;
  }

  /** The tree of a ledger with no transaction yet: leaf 0 alone. */
  static begin(digests: LedgerDigests): MerkleTree {
    const tree = new MerkleTree(digests);
    tree.append(new Uint8Array(digestBytes));
    return tree;
  }

  /** A tree whose leaves below `flushed` are known only by the subtrees beside them. @param lefts From the lowest up. */
  static resume(digests: LedgerDigests, flushed: number, lefts: readonly Uint8Array[]): MerkleTree {
    const tree = new MerkleTree(digests);
    const left = lefts.values();
    for (let height = 0, index = flushed; index > 0; height++, index = Math.floor(index / 2)) {
      const level = tree.#level(height);
      const isRight = index % 2 === 1;
      level.forget(isRight ? index - 1 : index);
      if (isRight) level.push(left.next().value ?? new Uint8Array(digestBytes));
    }
    tree.#flushed = flushed;
    return tree;
  }

  /** The number of leaves, with those that were flushed. */
  get size(): number {
    return this.#level(0).end;
  }

  /** The index of the first leaf of which a proof can be given. */
  get flushed(): number {
    return this.#flushed;
  }

  /** @param leaf 32 bytes, which are copied. */
  append(leaf: Uint8Array): void {
    if (leaf.length !== digestBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A leaf has 32 bytes.');
    this.#level(0).push(leaf);
    for (let height = 0, index = this.size - 1; index % 2 === 1; height++) {
      const pair = this.#level(height).view(index - 1, 2);
      index = (index - 1) / 2;
      this.#level(height + 1).push(this.#digests.sha256(pair));
    }
  }

  /** A copy of a leaf. @throws LEDGER_FORGOTTEN */
  leaf(index: number): Uint8Array {
    this.#require(index, this.size);
    return this.#level(0).view(index).slice();
  }

  /** Copies of the leaves from `index` on, one after the other. @throws LEDGER_FORGOTTEN */
  leavesFrom(index: number): Uint8Array {
    this.#require(index, this.size);
    return this.#level(0)
      .view(index, this.size - index)
      .slice();
  }

  /**
   * The root over the first `size` leaves.
   *
   * @throws LEDGER_FORGOTTEN for a size that is not above the flushed leaves, or above the tree.
   */
  root(size = this.size): Uint8Array {
    this.#require(size - 1, this.size);
    return this.#node(heightOf(size), 0, size).slice();
  }

  /**
   * The steps from a leaf to the root over the first `size` leaves, the lowest first.
   *
   * @throws LEDGER_FORGOTTEN
   */
  proof(index: number, size = this.size): readonly ProofStep[] {
    this.#require(size - 1, this.size);
    this.#require(index, size);
    const steps: ProofStep[] = [];
    for (let height = 0, at = index, width = size; width > 1; height++) {
      const isRight = at % 2 === 1;
      if (isRight) steps.push({ side: 'left', digest: this.#node(height, at - 1, size).slice() });
      else if (at + 1 < width) steps.push({ side: 'right', digest: this.#node(height, at + 1, size).slice() });
      at = Math.floor(at / 2);
      width = Math.ceil(width / 2);
    }
    return steps;
  }

  /** Goes back to the first `size` leaves. @throws LEDGER_FORGOTTEN */
  retract(size: number): void {
    this.#require(size - 1, this.size);
    for (const [height, level] of this.#levels.entries()) level.cut(Math.floor(size / 2 ** height));
  }

  /** Forgets the leaves below `index`, and keeps the subtrees beside them. @throws LEDGER_FORGOTTEN */
  flush(index: number): void {
    this.#require(index, this.size);
    for (const [height, level] of this.#levels.entries()) level.forget(2 * Math.floor(index / 2 ** (height + 1)));
    this.#flushed = index;
  }

  /** The roots of the whole subtrees on the left of a leaf's way to the root, the lowest first. @throws LEDGER_FORGOTTEN */
  leftsOf(index: number): readonly Uint8Array[] {
    this.#require(index, this.size);
    const lefts: Uint8Array[] = [];
    for (let height = 0, at = index; at > 0; height++, at = Math.floor(at / 2)) {
      const level = this.#level(height);
      if (at % 2 === 1) lefts.push(level.view(at - 1).slice());
    }
    return lefts;
  }

  /** A node of the tree over the first `size` leaves. What is not whole among them is computed, a step a height. */
  #node(height: number, index: number, size: number): Uint8Array {
    const level = this.#levels[height];
    if (level?.has(index) === true && (index + 1) * 2 ** height <= size) return level.view(index);
    const left = this.#node(height - 1, 2 * index, size);
    if ((2 * index + 1) * 2 ** (height - 1) >= size) return left;
    const right = this.#node(height - 1, 2 * index + 1, size);
    this.#scratch.set(left, 0);
    this.#scratch.set(right, digestBytes);
    return this.#digests.sha256(this.#scratch);
  }

  #level(height: number): Level {
    let level = this.#levels[height];
    if (level === undefined) {
      level = new Level();
      this.#levels[height] = level;
    }
    return level;
  }

  #require(index: number, size: number): void {
    if (Number.isSafeInteger(index) && index >= this.#flushed && index < size) return;
    throw new EnclosError(
      'LEDGER_FORGOTTEN',
      `The tree has the leaves ${this.#flushed} to ${size - 1}, and not ${index}.`,
    );
  }
}

/** The height of the root over so many leaves. */
function heightOf(size: number): number {
  let height = 0;
  for (let width = 1; width < size; width *= 2) height++;
  return height;
}
