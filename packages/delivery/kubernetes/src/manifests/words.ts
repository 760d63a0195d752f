/** For the schema of a chart's values, too: JavaScript and Go read it alike. */
export const imageWithDigestPattern = '^[A-Za-z0-9_./:-]{1,512}@sha256:[0-9a-f]{64}$';

/** As {@link imageWithDigestPattern}. */
export const serviceNamePattern = '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$';

const imageWithDigest = new RegExp(imageWithDigestPattern);
const serviceName = new RegExp(serviceNamePattern);

/** NAME@sha256:HEX: named by its content, not by a name that can come to mean something else. */
export function isImageWithDigest(text: string): boolean {
  return imageWithDigest.test(text);
}

/** A name of an object that can be the name of a Service, too: RFC 1035, letters first. */
export function isServiceName(text: string): boolean {
  return serviceName.test(text);
}
