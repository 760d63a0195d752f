import { EnclosError } from '@enclos/errors';

/** A field: its name in lower case, and its value. */
export type BhttpField = readonly [name: string, value: string];

/** The head of a request (RFC 9292, section 3.4). */
export interface BhttpRequestHead {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly fields: readonly BhttpField[];
}

/** The head of a response (RFC 9292, section 3.5), after those of informational responses, which are passed over. */
export interface BhttpResponseHead {
  /** 200 to 599. */
  readonly status: number;
  readonly fields: readonly BhttpField[];
}

export interface BhttpLimits {
  /** Bytes of control data and fields together. Default: 65,536. */
  readonly maxHeadBytes?: number;
  /** Default: 256. */
  readonly maxFields?: number;
  /** Bytes of the content. */
  readonly maxContentBytes: number;
}

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const lowerTokenPattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Visible characters, spaces and tabs, which stand neither first nor last; what stands beyond ASCII is read as Latin-1 (RFC 9110, section 5.5). */
const valuePattern = /^(?![\t ])[\t\u0020-\u007e\u0080-\u00ff]*(?<![\t ])$/;
const targetPattern = /^[\u0021-\u007e]*$/;

/** @throws OHTTP_MESSAGE_INVALID. */
export function refuse(message: string): never {
  throw new EnclosError('OHTTP_MESSAGE_INVALID', message);
}

/** @throws OHTTP_MESSAGE_INVALID. */
function checkField([name, value]: BhttpField): void {
  // Lower case, as HTTP/2 has it, and no pseudo-field (RFC 9292, section 3.6).
  if (!lowerTokenPattern.test(name)) refuse('The name of a field is not a token in lower case.');
  if (!valuePattern.test(value)) refuse('The value of a field has a character that HTTP forbids.');
}

/** @throws OHTTP_MESSAGE_INVALID for a field that HTTP forbids. */
export function checkedFields(fields: readonly BhttpField[]): readonly BhttpField[] {
  for (const field of fields) checkField(field);
  return fields;
}

/** Checks all but the fields. @throws OHTTP_MESSAGE_INVALID. */
export function checkRequestHead(head: BhttpRequestHead): BhttpRequestHead {
  const { method, scheme, authority, path } = head;
  if (!tokenPattern.test(method)) return refuse('The method is not a token.');
  if (!targetPattern.test(scheme) || !targetPattern.test(authority) || !targetPattern.test(path)) {
    return refuse('The scheme, authority or path has a character that is not visible ASCII.');
  }
  return head;
}

/** Checks all but the fields. @throws OHTTP_MESSAGE_INVALID. */
export function checkResponseHead(head: BhttpResponseHead): BhttpResponseHead {
  if (!isStatus(head.status) || head.status < 200) return refuse('The status of a response is not 200 to 599.');
  return head;
}

export function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 100 && status <= 599;
}
