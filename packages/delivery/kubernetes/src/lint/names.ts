const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const longestSubdomain = 253;

/** Containers, volumes, Services and Namespaces: a part of a domain name (RFC 1123). */
export function isLabelName(text: string): boolean {
  return label.test(text);
}

/** Most objects: a domain name, whose parts Kubernetes does not bound. */
export function isSubdomainName(text: string): boolean {
  return text.length <= longestSubdomain && subdomain.test(text);
}
