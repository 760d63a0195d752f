/** For {@link isServiceName}, and for the schema of a chart's values: JavaScript and Go read it alike. */
export const serviceNamePattern = '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$';

/** Forms of names: k8s.io/apimachinery/pkg/util/validation, RFC 1123 and RFC 1035. Each pattern takes time in proportion to the text. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const label1035 = new RegExp(serviceNamePattern);
const subdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const longestSubdomain = 253;
const labelName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** IANA's form of the name of a service (RFC 6335, section 5.1). */
const portName = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;
const dataKey = /^[-._a-zA-Z0-9]{1,253}$/;
const pathCharacters = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** Containers, volumes and Namespaces: a part of a domain name (RFC 1123). */
export function isLabelName(text: string): boolean {
  return label.test(text);
}

/** Services: the older form of a part of a domain name, which begins with a letter (RFC 1035). */
export function isServiceName(text: string): boolean {
  return label1035.test(text);
}

/** Most objects: a domain name, whose parts Kubernetes does not bound. */
export function isSubdomainName(text: string): boolean {
  return text.length <= longestSubdomain && subdomain.test(text);
}

export function isLabelValue(text: string): boolean {
  return text === '' || labelName.test(text);
}

/** `name`, or `prefix/name` with a domain before it. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  return labelName.test(text.slice(slash + 1)) && (slash < 0 || isSubdomainName(text.slice(0, slash)));
}

export function isPortName(text: string): boolean {
  return portName.test(text);
}

/** A key of a ConfigMap or a Secret. */
export function isDataKey(text: string): boolean {
  return dataKey.test(text) && text !== '.' && !text.startsWith('..');
}

/** A part of the path of a URL: names of roles. */
export function isPathSegment(text: string): boolean {
  return text !== '.' && text !== '..' && !/[/%]/.test(text);
}

/** `acme.io/foo`: a domain, and a path of HTTP. */
export function isDomainPath(text: string): boolean {
  const slash = text.indexOf('/');
  return slash > 0 && isSubdomainName(text.slice(0, slash)) && pathCharacters.test(text.slice(slash + 1));
}

/** Three parts or more. */
export function isFullyQualified(text: string): boolean {
  return isSubdomainName(text) && text.split('.').length >= 3;
}

/** `*.example.com`. */
export function isWildcardDomain(text: string): boolean {
  return text.startsWith('*.') && isSubdomainName(text.slice(2));
}

/** An environment variable: printable characters without `=`. */
export function isVariableName(text: string): boolean {
  return /^[ -<>-~]+$/.test(text);
}

/** `5%`. */
export function percentOf(text: string): number | undefined {
  return /^\d{1,9}%$/.test(text) ? Number(text.slice(0, -1)) : undefined;
}
