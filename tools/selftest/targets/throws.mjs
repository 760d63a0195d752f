// A parser with a planted error: a length byte that it believes.
export const seeds = [Uint8Array.from([3, 1, 2, 3, 0, 0, 0, 0, 0, 0])];

export function fuzz(data) {
  const [length] = data;
  if (length > 200) throw new TypeError('planted');
}
