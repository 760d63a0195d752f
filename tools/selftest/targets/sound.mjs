export const seeds = [new Uint8Array(0), Uint8Array.from({ length: 40 }, (_, index) => index)];

export function fuzz(data) {
  data.reverse();
}
