/** True when the bytes begin like a DCAP quote: of version 3, 4 or 5, with a kind of attestation key that exists. */
export function beginsLikeQuote(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(0, true);
  const keyType = view.getUint16(2, true);
  return version >= 3 && version <= 5 && (keyType === 2 || keyType === 3);
}
