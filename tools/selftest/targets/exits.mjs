export const seeds = [Uint8Array.from([1, 2])];

export function fuzz() {
  process.exit(3);
}
