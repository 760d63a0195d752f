/**
 * A small deterministic generator (sfc32). The same words give the same sequence on every machine,
 * so an iteration can be repeated from the seed, the target and its number alone.
 */
export function randomFrom(...words) {
  let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (const word of words) {
    for (const value of typeof word === 'string' ? Buffer.from(word) : [word]) {
      a ^= value;
      for (let round = 0; round < 4; round += 1) next();
    }
  }
  for (let round = 0; round < 12; round += 1) next();
  return {
    /** An integer in [0, limit). */
    below: (limit) => (limit <= 1 ? 0 : next() % limit),
    pick: (list) => list[next() % list.length],
  };
}
