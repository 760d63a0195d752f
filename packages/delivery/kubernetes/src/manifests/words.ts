/** NAME@sha256:HEX: named by its content, not by a name that can come to mean something else. */
export function isImageWithDigest(text: string): boolean {
  return /^[\w./:-]{1,512}@sha256:[0-9a-f]{64}$/.test(text);
}

/** A name of an object that can be the name of a Service, too: RFC 1035, letters first. */
export function isServiceName(text: string): boolean {
  return /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}
