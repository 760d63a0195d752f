import { refuse } from '../errors.ts';

/** RFC 9110 section 5.6.2. */
const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5, with obs-text as opaque bytes. */
const value = /^[\t\x20-\x7e\x80-\xff]*$/;

/** When one of these occurs twice, two readers could use different values. */
const single = new Set(['host', 'content-length', 'transfer-encoding', 'authorization', 'content-type']);
/** These say where messages and connections end. */
const delimiting = new Set(['content-length', 'transfer-encoding', 'connection']);
const leading = [...single, 'connection', 'expect', 'upgrade'];

/** The fields of one message, by lower-case name. */
export class Fields {
  readonly #fields = new Map<string, string>();
  readonly #maxBytes: number;
  readonly #maxCount: number;
  #bytes = 0;
  #count = 0;

  constructor(limits: { readonly maxHeaderBytes: number; readonly maxHeaders: number }) {
    this.#maxBytes = limits.maxHeaderBytes;
    this.#maxCount = limits.maxHeaders;
  }

  get map(): ReadonlyMap<string, string> {
    return this.#fields;
  }

  get(lowerCaseName: string): string | undefined {
    return this.#fields.get(lowerCaseName);
  }

  /** Whether it holds a field that has its meaning only before the body (RFC 9110 section 6.5.1). */
  get hasLeading(): boolean {
    return leading.some((key) => this.#fields.has(key));
  }

  /** How long the next line may be, including its end. The empty line after the last one is free. */
  get leftBytes(): number {
    return Math.max(2, this.#maxBytes - this.#bytes);
  }

  /** @param line without its end. */
  add(line: string, lineBytes: number): void {
    this.#bytes += lineBytes;
    this.#count += 1;
    if (this.#count > this.#maxCount) refuse(431, `There are more than ${this.#maxCount} header lines.`);
    const colon = line.indexOf(':');
    // No space before the colon, and no line that goes on from the one before (RFC 9112 sections 5.1 and 5.2).
    if (colon === -1 || !name.test(line.slice(0, colon))) refuse(400, 'A header line has no well-formed name.');
    const text = line.slice(colon + 1);
    if (!value.test(text)) refuse(400, 'A header value holds a control character.');
    const key = line.slice(0, colon).toLowerCase();
    // RFC 9110 section 5.6.3 treats it as white space, but not every parser does.
    if (delimiting.has(key) && text.includes('\t')) refuse(400, `The header ${key} holds a tab.`);
    this.#put(key, withoutBlanks(text));
  }

  #put(key: string, text: string): void {
    const before = this.#fields.get(key);
    if (before !== undefined && single.has(key)) refuse(400, `The header ${key} comes twice.`);
    this.#fields.set(key, before === undefined ? text : `${before}, ${text}`);
  }

  /** Whether a list of tokens has this one (RFC 9110 section 5.6.1). */
  hasToken(lowerCaseName: string, token: string): boolean {
    const list = this.#fields.get(lowerCaseName);
    return list?.split(',').some((item) => withoutBlanks(item).toLowerCase() === token) ?? false;
  }
}

/**
 * Trims the white space of RFC 9110 section 5.6.3, which is less than `trim` removes. A regular expression would take quadratic
 * time on white space within the value.
 */
function withoutBlanks(text: string): string {
  let [from, end] = [0, text.length];
  while (from < end && isBlank(text, from)) from += 1;
  while (end > from && isBlank(text, end - 1)) end -= 1;
  return text.slice(from, end);
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

export function tooManyHeaderBytes(): never {
  return refuse(431, 'The header lines are too long.');
}

/** Printable characters, with blanks between them. */
const sendableValue = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/;

/** Whether a field may be sent: other names and values could begin another field, or another message. */
export function isSendable(fieldName: string, fieldValue: unknown): fieldValue is string {
  return name.test(fieldName) && typeof fieldValue === 'string' && sendableValue.test(fieldValue);
}
