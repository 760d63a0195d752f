import { concatBytes, equalBytes, viewOf } from '@enclos/codec';
import { digestBytes, type LedgerDigests } from '../digests.ts';
import { invalid } from '../within.ts';
import { MerkleTree } from './merkle-tree.ts';

const headBytes = 16;

/**
 * The value of `public:ccf.internal.tree`: `u64be leaves retained | u64be leaves flushed | leaves | subtrees on the left`
 * (merklecpp, serialise).
 *
 * @param from The first leaf to retain. CCF retains those since the previous signature.
 * @throws LEDGER_FORGOTTEN
 */
export function serialiseTree(tree: MerkleTree, from: number): Uint8Array {
  const head = new Uint8Array(headBytes);
  const view = viewOf(head);
  view.setBigUint64(0, BigInt(tree.size - from));
  view.setBigUint64(8, BigInt(from));
  return concatBytes(head, tree.leavesFrom(from), ...tree.leftsOf(from));
}

/**
 * Whether these bytes are the value of exactly this tree, from whichever leaf on. To read them as a tree takes a digest for each leaf.
 *
 * @returns false, too, where the tree has forgotten leaves that the bytes hold.
 */
export function isSerialised(tree: MerkleTree, bytes: Uint8Array): boolean {
  if (bytes.length < headBytes) return false;
  const from = Number(viewOf(bytes).getBigUint64(8));
  // The length is compared first: a stranger's few bytes would otherwise cost a copy of the whole tree.
  return (
    from >= tree.flushed &&
    from < tree.size &&
    bytes.length === serialisedBytes(tree.size - from, from) &&
    equalBytes(serialiseTree(tree, from), bytes)
  );
}

/**
 * Reads the value of `public:ccf.internal.tree`.
 *
 * @throws LEDGER_INVALID for bytes of another form, or of another length than their counts say.
 * @example readSerialisedTree(nodeDigests, value).root()
 */
export function readSerialisedTree(digests: LedgerDigests, bytes: Uint8Array): MerkleTree {
  if (bytes.length < headBytes) throw invalid('A tree of fewer than 16 bytes.');
  const view = viewOf(bytes);
  const retained = Number(view.getBigUint64(0));
  const flushed = Number(view.getBigUint64(8));
  // The counts are a stranger's: nothing is made of them before the length bears them out.
  if (retained === 0 || !Number.isSafeInteger(retained + flushed)) {
    throw invalid('The counts of a tree are not possible.');
  }
  if (bytes.length !== serialisedBytes(retained, flushed)) {
    throw invalid(`A tree with ${retained} leaves retained and ${flushed} flushed has ${bytes.length} bytes.`);
  }
  const digestAt = (index: number): Uint8Array =>
    bytes.subarray(headBytes + index * digestBytes, headBytes + (index + 1) * digestBytes);
  const lefts = Array.from({ length: onesIn(flushed) }, (_, index) => digestAt(retained + index));
  const tree = MerkleTree.resume(digests, flushed, lefts);
  for (let index = 0; index < retained; index++) tree.append(digestAt(index));
  return tree;
}

function serialisedBytes(retained: number, flushed: number): number {
  return headBytes + (retained + onesIn(flushed)) * digestBytes;
}

/** A leaf has a subtree on its left for each bit that is set in its index. */
function onesIn(index: number): number {
  let ones = 0;
  for (let rest = index; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
