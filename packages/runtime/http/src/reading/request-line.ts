import { refuse } from '../errors.ts';

export interface RequestLine {
  readonly method: string;
  /** The authority in the target, when it names one. */
  readonly authority: string | undefined;
  readonly path: string;
  /** Without its `?`. */
  readonly query: string;
  /** 0 or 1: the minor version of HTTP/1. */
  readonly minorVersion: number;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const methodForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 3986 section 3.3 and 3.4, with the brackets that browsers leave as they are in queries. Each `%` begins two digits. */
const pathAndQuery =
  /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*(?:\?(?:[\w\-.~!$&'()*+,;=:@/?[\]]|%[0-9A-Fa-f]{2})*)?$/;

export function isPathAndQuery(text: string): boolean {
  return pathAndQuery.test(text);
}

const absolute = /^https?:\/\/([^/?#]+)(.*)$/i;

/** RFC 9112 section 3. One space between the parts, and nothing else. */
export function parseRequestLine(line: string, maxUrlBytes: number): RequestLine {
  const [method = '', target = '', version = '', ...more] = line.split(' ');
  const hasParts = more.length === 0 && methodForm.test(method) && target !== '';
  if (!hasParts) refuse(400, 'The request line does not have three parts.');
  if (target.length > maxUrlBytes) refuse(414, `The target is longer than ${maxUrlBytes} bytes.`);
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(version)) refuse(400, 'The request line names no version of HTTP.');
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') refuse(505, 'The version is neither HTTP/1.1 nor HTTP/1.0.');
  if (!methods.has(method)) refuse(501, 'The method is not one that is served.');
  const found = absolute.exec(target);
  const [, authority, rest = ''] = found ?? [undefined, undefined, target];
  // The absolute form may leave the path out (RFC 9110 section 4.2.3).
  const local = authority !== undefined && !rest.startsWith('/') ? `/${rest}` : rest;
  if (!isPathAndQuery(local)) refuse(400, 'The target is not a well-formed path.');
  const mark = local.indexOf('?');
  return {
    method,
    authority,
    path: mark === -1 ? local : local.slice(0, mark),
    query: mark === -1 ? '' : local.slice(mark + 1),
    minorVersion: version === 'HTTP/1.1' ? 1 : 0,
  };
}

/** RFC 9110 section 7.2: a name, an IPv4 or a bracketed IPv6 address, and perhaps a port. */
const hostForm = /^(?:[\w\-.~]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

export function isHost(text: string): boolean {
  return hostForm.test(text);
}

/** RFC 9112 section 3.2: exactly one Host, and no target that names another. HTTP/1.0 may leave it out. */
export function checkHost({ authority, minorVersion }: RequestLine, host: string | undefined): void {
  if (host === undefined) {
    if (minorVersion > 0 || authority !== undefined) refuse(400, 'The header host is missing.');
    return;
  }
  if (!isHost(host)) refuse(400, 'The header host is not a well-formed host.');
  if (authority !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    refuse(400, 'The target names another host than the header.');
  }
}
