import { misused } from '../errors.ts';
import { isSendable } from '../reading/fields.ts';
import { isHost, isPathAndQuery } from '../reading/request-line.ts';

export interface RequestHead {
  readonly method: string;
  /** The value of the header `host`. */
  readonly host: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for a request without a body. */
  readonly bodyBytes: number | undefined;
  /** Whether the connection ends with the answer. */
  readonly isLast: boolean;
}

/** Where messages and connections end is said by the writer alone. */
const ownFields = new Set(['connection', 'content-length', 'host', 'transfer-encoding', 'upgrade', 'expect', 'te']);
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The bytes of a request before its body. @throws HTTP_MISUSED */
export function encodeRequestHead({ method, host, path, headers, bodyBytes, isLast }: RequestHead): Buffer {
  if (!methods.has(method)) misused('The method is not one that is sent.');
  if (!isHost(host)) misused('The host is not a name or an address, with or without a port.');
  if (!isPathAndQuery(path)) misused('The path does not begin with /, or is not percent-encoded.');
  let fields = '';
  for (const [name, value] of Object.entries(headers)) {
    if (ownFields.has(name.toLowerCase())) misused(`The header ${name.toLowerCase()} is set for you.`);
    // The value may be a secret.
    if (!isSendable(name, value)) misused('A header has a name or a value that cannot be sent.');
    fields += `${name}: ${value}\r\n`;
  }
  if (bodyBytes !== undefined) fields += `content-length: ${bodyBytes}\r\n`;
  if (isLast) fields += 'connection: close\r\n';
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${fields}\r\n`, 'latin1');
}
