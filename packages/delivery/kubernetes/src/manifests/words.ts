/** For the schema of a chart's values, too: JavaScript and Go read it alike. */
export const imageWithDigestPattern = '^[A-Za-z0-9_./:-]{1,512}@sha256:[0-9a-f]{64}$';

const imageWithDigest = new RegExp(imageWithDigestPattern);

/** NAME@sha256:HEX: named by its content, not by a name that can come to mean something else. */
export function isImageWithDigest(text: string): boolean {
  return imageWithDigest.test(text);
}
