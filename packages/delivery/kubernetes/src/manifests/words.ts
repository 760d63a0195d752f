/** NAME@sha256:HEX: named by its content, not by a name that can come to mean something else. */
export function isImageWithDigest(text: string): boolean {
  return /^[\w./:-]{1,512}@sha256:[0-9a-f]{64}$/.test(text);
}
