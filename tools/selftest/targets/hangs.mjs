export const seeds = () => [Uint8Array.from([7])];

export function fuzz(data) {
  while (data[0] === 7);
}
