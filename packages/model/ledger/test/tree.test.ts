import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, viewOf } from '@enclos/codec';
import { JsonRecord, parseJsonBytes, string } from '@enclos/codec/json';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import { leafOf, MerkleTree, publicWrites, readSerialisedTree, serialiseTree, type ProofStep } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { isSerialised } from '../src/tree/serialised.ts';
import { Level } from '../src/tree/level.ts';
import { sampleEntries, services } from './samples.ts';

const { sha256 } = nodeDigests;
const leafAt = (index: number): Uint8Array => sha256(Uint8Array.of(index & 0xff, index >> 8));
const leaves = Array.from({ length: 200 }, (_, index) => leafAt(index));

/** The definition, without anything kept: neighbours are hashed, and a node without one rises. */
function rootOf(nodes: readonly Uint8Array[]): Uint8Array {
  if (nodes.length === 1) return nodes[0] ?? new Uint8Array(0);
  const parents: Uint8Array[] = [];
  for (let at = 0; at < nodes.length; at += 2) {
    const [left, right] = nodes.slice(at, at + 2);
    if (left !== undefined) parents.push(right === undefined ? left : sha256(concatBytes(left, right)));
  }
  return rootOf(parents);
}

const fold = (leaf: Uint8Array, steps: readonly ProofStep[]): Uint8Array =>
  steps.reduce(
    (at, { side, digest }) => sha256(side === 'left' ? concatBytes(digest, at) : concatBytes(at, digest)),
    leaf,
  );

function treeOf(size: number): MerkleTree {
  const tree = new MerkleTree(nodeDigests);
  for (const leaf of leaves.slice(0, size)) tree.append(leaf);
  return tree;
}

test('the root over every earlier size is that of the definition', () => {
  const tree = treeOf(70);
  for (let size = 1; size <= 70; size++) assert.deepEqual(tree.root(size), rootOf(leaves.slice(0, size)));
});

test('every proof leads to its root, flushed or not, and no proof leads there from another leaf', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), fc.nat(), (total, a, b, c) => {
      const tree = treeOf(total);
      const size = 1 + (a % total);
      const index = b % size;
      tree.flush(c % (index + 1));
      const steps = tree.proof(index, size);
      assert.deepEqual(fold(leafAt(index), steps), rootOf(leaves.slice(0, size)));
      assert.notDeepEqual(fold(leafAt(index + 1), steps), rootOf(leaves.slice(0, size)));
    }),
  );
});

test('a tree that went back is the one that never went on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), fc.nat(30), (total, a, b, more) => {
      const tree = treeOf(total);
      const size = 1 + (a % total);
      tree.flush(b % size);
      tree.retract(size);
      const other = Array.from({ length: more }, (_, index) => leafAt(1000 + index));
      for (const leaf of other) tree.append(leaf);
      assert.equal(tree.size, size + more);
      assert.deepEqual(tree.root(), rootOf([...leaves.slice(0, size), ...other]));
    }),
  );
});

test('a tree comes back from its serialised form, and grows as before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(20), (total, a, more) => {
      const from = a % total;
      const bytes = serialiseTree(treeOf(total), from);
      const tree = readSerialisedTree(nodeDigests, bytes);
      assert.equal(tree.flushed, from);
      assert.deepEqual(serialiseTree(tree, from), bytes);
      for (let index = 0; index < more; index++) tree.append(leafAt(total + index));
      const all = Array.from({ length: total + more }, (_, index) => leafAt(index));
      assert.deepEqual(tree.root(), rootOf(all));
      assert.deepEqual(fold(leafAt(from), tree.proof(from)), rootOf(all));
    }),
  );
});

test('a serialised tree is told from every other one, without a digest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), fc.nat(), fc.nat(), (total, a, b, at) => {
      const [from, flushed] = [a % total, b % total];
      let digests = 0;
      const counting = {
        ...nodeDigests,
        sha256: (bytes: Uint8Array): Uint8Array => {
          digests++;
          return nodeDigests.sha256(bytes);
        },
      };
      const tree = MerkleTree.resume(counting, 0, []);
      for (let index = 0; index < total; index++) tree.append(leafAt(index));
      tree.flush(flushed);
      digests = 0;
      const bytes = serialiseTree(treeOf(total), from);
      assert.equal(isSerialised(tree, bytes), from >= flushed);
      const changed = bytes.map((byte, index) => (index === at % bytes.length ? byte ^ 1 : byte));
      assert.equal(isSerialised(tree, changed), false);
      assert.equal(isSerialised(tree, bytes.subarray(0, at % bytes.length)), false);
      assert.equal(isSerialised(tree, serialiseTree(treeOf(total + 1), from)), false);
      assert.equal(digests, 0);
    }),
  );
});

test('what a tree does not hold is refused', () => {
  const tree = treeOf(20);
  tree.flush(8);
  const refused = { code: 'LEDGER_FORGOTTEN' };
  assert.throws(() => tree.leaf(7), refused);
  assert.throws(() => tree.leaf(20), refused);
  assert.throws(() => tree.root(8), refused);
  assert.throws(() => tree.root(21), refused);
  assert.throws(() => tree.proof(7), refused);
  assert.throws(() => tree.proof(12, 12), refused);
  assert.throws(() => tree.proof(12, 21), refused);
  assert.throws(() => tree.leavesFrom(7), refused);
  assert.throws(() => tree.leavesFrom(20), refused);
  assert.throws(() => tree.retract(8), refused);
  assert.throws(() => tree.flush(20), refused);
  assert.throws(() => tree.flush(9.5), refused);
  assert.throws(() => tree.leftsOf(7), refused);
  assert.throws(() => tree.leftsOf(20), refused);
  assert.throws(() => new MerkleTree(nodeDigests).root(), refused);
  assert.throws(() => tree.append(new Uint8Array(31)), { code: 'CODEC_OUT_OF_RANGE' });
});

test('what a tree gave stays as it was when the tree goes back and on', () => {
  const tree = treeOf(9);
  const given = [tree.leaf(8), tree.leavesFrom(8), tree.root(1), tree.root(8), ...tree.leftsOf(7)];
  for (const index of [4, 5]) given.push(...tree.proof(index, 8).map(({ digest }) => digest));
  const copies = given.map((digest) => digest.slice());
  tree.retract(1);
  for (let index = 0; index < 9; index++) tree.append(leafAt(1000 + index));
  assert.deepEqual(given, copies);
});

test('a level holds what was pushed and neither cut nor forgotten, in the memory of that', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ kind: fc.constantFrom('forget' as const, 'cut' as const), count: fc.nat(200) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const level = new Level();
      let [held, start, pushed]: [Uint8Array[], number, number] = [[], 0, 0];
      for (const { kind, count } of steps) {
        if (kind === 'push') {
          for (let index = 0; index < count; index++) {
            const digest = leafAt(pushed++);
            held.push(digest);
            level.push(digest);
          }
        } else if (kind === 'forget') {
          // What comes next may be forgotten before it comes.
          const from = Math.max(start, count);
          held = held.slice(from - start);
          start = from;
          level.forget(count);
        } else {
          held = held.slice(0, Math.max(0, count - start));
          level.cut(count);
        }
        assert.deepEqual([level.start, level.end], [start, start + held.length]);
        assert.deepEqual(level.view(start, held.length).slice(), concatBytes(...held));
        assert.deepEqual(
          [start - 1, start, level.end - 1, level.end].map((index) => level.has(index)),
          [false, held.length > 0, held.length > 0, false],
        );
      }
    }),
  );
  const level = new Level();
  for (let index = 0; index < 10_000; index++) {
    level.push(leafAt(index));
    level.forget(index - 20);
  }
  assert.equal(level.view(level.start).buffer.byteLength, 64 * 32);
});

test('a serialised tree of another form is refused, before its counts cost anything', () => {
  const bytes = serialiseTree(treeOf(20), 13);
  const changed = (at: number, value: number): Uint8Array => bytes.map((byte, index) => (index === at ? value : byte));
  for (const bad of [
    bytes.subarray(0, 15),
    bytes.subarray(1),
    changed(7, 6),
    changed(15, 15),
    changed(4, 1),
    changed(0, 255),
  ]) {
    assert.throws(() => readSerialisedTree(nodeDigests, bad), { code: 'LEDGER_INVALID' });
  }
  assert.throws(() => readSerialisedTree(nodeDigests, new Uint8Array(16)), { code: 'LEDGER_INVALID' });
});

test('a tree is serialised as counts, leaves and subtrees, up to the largest seqno', () => {
  const bytes = serialiseTree(treeOf(3), 2);
  const left = sha256(concatBytes(leafAt(0), leafAt(1)));
  const head = fromHex('00000000000000010000000000000002');
  assert.deepEqual(bytes, concatBytes(head, leafAt(2), left));
  const digests = (count: number): Uint8Array => concatBytes(...leaves.slice(0, count));
  const of = (retained: bigint, flushed: bigint, count: number): Uint8Array => {
    const made = new Uint8Array(16);
    viewOf(made).setBigUint64(0, retained);
    viewOf(made).setBigUint64(8, flushed);
    return concatBytes(made, digests(count));
  };
  assert.equal(readSerialisedTree(nodeDigests, of(1n, 2n ** 52n, 2)).size, 2 ** 52 + 1);
  assert.equal(readSerialisedTree(nodeDigests, of(1n, 2n ** 53n - 2n, 53)).size, 2 ** 53 - 1);
  for (const bad of [of(1n, 2n ** 53n - 1n, 54), of(1n, 2n ** 60n, 2), of(0n, 3n, 2)]) {
    assert.throws(() => readSerialisedTree(nodeDigests, bad), { code: 'LEDGER_INVALID', message: /not possible/ });
  }
  assert.throws(() => readSerialisedTree(nodeDigests, new Uint8Array(15)), { message: /fewer than 16/ });
  assert.throws(() => readSerialisedTree(nodeDigests, new Uint8Array(16)), { message: /not possible/ });
});

test('only the bytes of a tree are its serialised form, and a few bytes cost no copy of it', (context) => {
  const tree = treeOf(20);
  tree.flush(4);
  for (let from = 4; from < 20; from++) {
    const bytes = serialiseTree(tree, from);
    assert.equal(isSerialised(tree, bytes), true);
    for (const at of [7, 15, 16, bytes.length - 1]) {
      assert.equal(isSerialised(tree, bytes.with(at, (bytes[at] ?? 0) ^ 1)), false);
    }
    assert.equal(isSerialised(tree, bytes.subarray(1)), false);
  }
  assert.equal(isSerialised(tree, serialiseTree(treeOf(20), 3)), false);
  assert.equal(isSerialised(tree, new Uint8Array(15)), false);
  assert.equal(isSerialised(tree, fromHex('00000000000000100000000000000014')), false);
  const copies = context.mock.method(tree, 'leavesFrom');
  assert.equal(isSerialised(tree, fromHex('00000000000000100000000000000004')), false);
  assert.equal(copies.mock.callCount(), 0);
});

test('an append costs one hash for each node that it completes, and a root one for each height', () => {
  let hashes = 0;
  const counting = { ...nodeDigests, sha256: (bytes: Uint8Array) => (hashes++, sha256(bytes)) };
  const tree = new MerkleTree(counting);
  for (let index = 0; index < 1024; index++) tree.append(leafAt(index));
  assert.equal(hashes, 1023);
  tree.append(leafAt(1024));
  tree.root();
  tree.root(1023);
  assert.ok(hashes <= 1023 + 1 + 11 + 11, `${hashes}`);
});

vectors.test('every root and every tree that real ledgers record is that of their entries', () => {
  const names = new Set(['public:ccf.internal.signatures', 'public:ccf.internal.tree']);
  const checked = services.map((service) => {
    const tree = MerkleTree.begin(nodeDigests);
    let roots = 0;
    for (const entry of sampleEntries(service)) {
      const [signature, recorded] = publicWrites(entry, names);
      if (signature !== undefined && recorded !== undefined) {
        const signed = parseJsonBytes(signature.writes[0]?.[1] ?? new Uint8Array(0), 65_536);
        const root = new JsonRecord(signed, 'signature').required('root', string(64));
        const value = recorded.writes[0]?.[1] ?? new Uint8Array(0);
        const read = readSerialisedTree(nodeDigests, value);
        assert.deepEqual(tree.root(), fromHex(root));
        assert.deepEqual(tree.root(), read.root());
        assert.deepEqual(serialiseTree(tree, read.flushed), new Uint8Array(value));
        roots++;
      }
      tree.append(leafOf(nodeDigests, entry));
    }
    return [tree.size - 1, roots];
  });
  assert.deepEqual(checked, [
    [22, 8],
    [46, 23],
    [153, 54],
  ]);
});
