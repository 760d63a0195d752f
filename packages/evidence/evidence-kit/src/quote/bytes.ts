/** An unsigned integer, little-endian. */
export function littleEndian(value: number | bigint, sizeBytes: number): Uint8Array {
  let rest = BigInt(value);
  return Uint8Array.from({ length: sizeBytes }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

/** Zeros with these pieces in them. */
export function place(
  sizeBytes: number,
  pieces: readonly (readonly [offset: number, bytes: Uint8Array])[],
): Uint8Array {
  const result = new Uint8Array(sizeBytes);
  for (const [offset, bytes] of pieces) result.set(bytes, offset);
  return result;
}

export function repeated(byte: number, sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(byte);
}

/** A copy with one bit of one byte flipped: of the first byte unless another is named; negative counts from the end. */
export function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const index = at < 0 ? bytes.length + at : at;
  return bytes.map((byte, position) => (position === index ? byte ^ 1 : byte));
}
