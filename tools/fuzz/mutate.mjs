// Mutations of byte strings: what breaks parsers is a length that lies, an end that comes early,
// a field that repeats, and a value at the edge of its range.

const interesting = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

function replaceRange(bytes, start, end, insertion) {
  const result = new Uint8Array(start + insertion.length + bytes.length - end);
  result.set(bytes.subarray(0, start));
  result.set(insertion, start);
  result.set(bytes.subarray(end), start + insertion.length);
  return result;
}

function changed(bytes, change) {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

/** A range of at most `longest` bytes inside `bytes`. */
function someRange(bytes, random, longest = bytes.length) {
  const start = random.below(bytes.length + 1);
  return [start, start + random.below(Math.min(longest, bytes.length - start) + 1)];
}

function integerBytes(random) {
  const size = random.pick([1, 2, 4, 8]);
  const buffer = new Uint8Array(8);
  const view = new DataView(buffer.buffer);
  const value = random.pick(interesting);
  const littleEndian = random.below(2) === 0;
  if (size === 1) buffer[0] = value;
  else if (size === 2) view.setUint16(0, value, littleEndian);
  else if (size === 4) view.setUint32(0, value, littleEndian);
  else view.setBigUint64(0, BigInt(value) * (random.below(2) === 0 ? 1n : 0x1_0000_0001n), littleEndian);
  return buffer.subarray(0, size);
}

/** Writes over what is there, and grows the input when it reaches past the end. */
const overwrite = (bytes, at, value) => replaceRange(bytes, at, Math.min(bytes.length, at + value.length), value);

const mutations = [
  function flipBit(bytes, { random }) {
    if (bytes.length === 0) return bytes;
    return changed(bytes, (copy) => {
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    });
  },
  function setByte(bytes, { random }) {
    if (bytes.length === 0) return bytes;
    return changed(bytes, (copy) => {
      copy[random.below(copy.length)] = random.below(256);
    });
  },
  function nudgeByte(bytes, { random }) {
    if (bytes.length === 0) return bytes;
    return changed(bytes, (copy) => {
      copy[random.below(copy.length)] += random.pick([-2, -1, 1, 2]);
    });
  },
  function truncate(bytes, { random }) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function remove(bytes, { random }) {
    return replaceRange(bytes, ...someRange(bytes, random, 64), new Uint8Array(0));
  },
  function duplicate(bytes, { random }) {
    const [start, end] = someRange(bytes, random, 256);
    return replaceRange(bytes, end, end, bytes.subarray(start, end));
  },
  function insertNoise(bytes, { random }) {
    const at = random.below(bytes.length + 1);
    const noise = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
    return replaceRange(bytes, at, at, noise);
  },
  function fillRange(bytes, { random }) {
    const [start, end] = someRange(bytes, random, 64);
    const value = random.pick([0, 0xff, random.below(256)]);
    return changed(bytes, (copy) => copy.fill(value, start, end));
  },
  function writeInteger(bytes, { random }) {
    return overwrite(bytes, random.below(bytes.length + 1), integerBytes(random));
  },
  function writeLength(bytes, { random }) {
    const at = random.below(bytes.length + 1);
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, Math.max(0, bytes.length - random.below(16)), random.below(2) === 0);
    return overwrite(bytes, at, value);
  },
  function splice(bytes, { random, seeds }) {
    const other = random.pick(seeds);
    const [start, end] = someRange(bytes, random);
    return replaceRange(bytes, start, end, other.subarray(...someRange(other, random)));
  },
  function useWord(bytes, { random, words }) {
    if (words.length === 0) return bytes;
    const word = random.pick(words);
    const at = random.below(bytes.length + 1);
    return random.below(2) === 0 ? overwrite(bytes, at, word) : replaceRange(bytes, at, at, word);
  },
];

/** The dictionary: short slices of the seeds at aligned places, where tags, lengths and magics stand. */
export function dictionaryOf(seeds, limit = 4096) {
  const words = new Map();
  for (const seed of seeds) {
    for (const size of [2, 4, 8, 16]) {
      for (let at = 0; at + size <= seed.length && words.size < limit; at += size) {
        const word = seed.slice(at, at + size);
        if (word.some((byte) => byte !== 0)) words.set(Buffer.from(word).toString('hex'), word);
      }
    }
  }
  return [...words.values()];
}

/** One mutated input, at most `maxBytes` long. `material` is `{ random, seeds, words }`. */
export function mutate(material, maxBytes) {
  const { random, seeds } = material;
  let bytes = random.pick(seeds);
  let count = 1;
  while (count < 8 && random.below(2) === 0) count += 1;
  for (let step = 0; step < count; step += 1) bytes = random.pick(mutations)(bytes, material).subarray(0, maxBytes);
  return bytes;
}
