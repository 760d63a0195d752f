import { concatBytes, utf8 } from '@enclos/codec';
import { u16 } from '../big-endian.ts';
import { after, type Awaitable, type HpkeEngine } from '../engine.ts';
import { hashBytes, type HashName } from '../suites.ts';

const version = utf8('HPKE-v1');
export const empty = new Uint8Array(0);
const firstBlock = Uint8Array.of(1);

/** HKDF over one hash (RFC 5869), and the labelled forms of RFC 9180, section 4, for one suite. */
export interface LabelledKdf {
  readonly extract: (salt: Uint8Array, label: string, material: Uint8Array) => Awaitable<Uint8Array>;
  readonly expand: (key: Uint8Array, label: string, context: Uint8Array, length: number) => Awaitable<Uint8Array>;
}

interface Expansion {
  /** In parts that follow each other. */
  readonly info: readonly Uint8Array[];
  readonly length: number;
}

export function hkdfExpand(
  engine: HpkeEngine,
  hash: HashName,
  key: Uint8Array,
  { info, length }: Expansion,
): Awaitable<Uint8Array> {
  return after(engine.hmac(hash, key, ...info, firstBlock), (first) =>
    length <= first.length ? first.subarray(0, length) : moreBlocks({ engine, hash, key, first }, { info, length }),
  );
}

interface FirstBlock {
  readonly engine: HpkeEngine;
  readonly hash: HashName;
  readonly key: Uint8Array;
  readonly first: Uint8Array;
}

async function moreBlocks({ engine, hash, key, first }: FirstBlock, { info, length }: Expansion): Promise<Uint8Array> {
  const blocks = [first];
  let last = first;
  for (let block = 2; blocks.length * first.length < length; block++) {
    // Each block is made from the one before (RFC 5869, section 2.3).
    // eslint-disable-next-line no-await-in-loop
    last = await engine.hmac(hash, key, last, ...info, Uint8Array.of(block));
    blocks.push(last);
  }
  return concatBytes(...blocks).subarray(0, length);
}

/** HKDF gives at most 255 blocks (RFC 5869, section 2.3). */
export function longestOutput(hash: HashName): number {
  return 255 * hashBytes(hash);
}

/** @param suiteId "KEM" or "HPKE" and the numbers of the algorithms (RFC 9180, sections 4.1 and 5.1). */
export function labelledKdf(engine: HpkeEngine, hash: HashName, suiteId: Uint8Array): LabelledKdf {
  const head = concatBytes(version, suiteId);
  // As many as there are labels in the code.
  const heads = new Map<string, Uint8Array>();
  const labelled = (label: string): Uint8Array => {
    const found = heads.get(label) ?? concatBytes(head, utf8(label));
    heads.set(label, found);
    return found;
  };
  return {
    extract: (salt, label, material) => engine.hmac(hash, salt, labelled(label), material),
    expand: (key, label, context, length) =>
      hkdfExpand(engine, hash, key, { info: [u16(length), labelled(label), context], length }),
  };
}
