import { isAzureDocument } from '@enclos/attestation';
import { snpReportOfJson } from './snp-report-json.ts';
import { isByteList, parseJson } from '@enclos/codec/json';
import { fromBase64url, fromHex, utf8 } from '@enclos/codec';
import { beginsLikePem } from '@enclos/codec/pem';
import { decodeUtf8, withoutByteOrderMark, withoutTrailingNuls } from '@enclos/codec/text';
import { attempt } from './attempt.ts';

/** A text as the bytes that it may spell. */
interface Spelling {
  readonly form: 'hex' | 'base64' | 'base64url';
  readonly what: string;
  readonly decoded: Uint8Array;
}

const maximumDepth = 16;
const maximumMembers = 4096;
const shortestByteList = 64;
const longestByteList = 1024 * 1024;

const hexPattern = /^[0-9a-f]+$/i;
const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/;
const base64urlPattern = /^[A-Za-z0-9_-]+={0,2}$/;

/** Trimmed text; undefined for bytes that are not text, and for empty text. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = withoutTrailingNuls(withoutByteOrderMark(decodeUtf8(bytes)));
    // oxlint-disable-next-line no-control-regex -- binary files hold these, texts do not
    return text.trim() === '' || /[\u0000-\u0008\u000E-\u001F]/.test(text) ? undefined : text.trim();
  } catch {
    return undefined;
  }
}

/** Every spelling that the text can be, the likeliest first: hex is base64 too. */
export function decodeText(text: string): readonly Spelling[] {
  // The alphabet of base64url has the dashes and letters of a PEM header that nothing follows.
  if (beginsLikePem(text)) return [];
  const compact = text.replace(/^0x/i, '').replaceAll(/[\s:]+/g, '');
  const spellings: Spelling[] = [];
  if (hexPattern.test(compact) && compact.length % 2 === 0) {
    spellings.push({ form: 'hex', what: 'hex', decoded: fromHex(compact) });
  }
  const form = base64Pattern.test(compact) ? 'base64' : base64urlPattern.test(compact) ? 'base64url' : undefined;
  const decoded = form === undefined ? undefined : decodeBase64(compact);
  if (form !== undefined && decoded !== undefined) spellings.push({ form, what: form, decoded });
  return spellings;
}

/** Either alphabet; bits that are left over must be zero, or two texts had one meaning. */
function decodeBase64(text: string): Uint8Array | undefined {
  return attempt(() => fromBase64url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')));
}

/** The bound for blocks of a PEM text, which may hold anything else too. */
export const mostPemBlocks = 16;

/** Evidence may be a list of bytes as numbers, with four characters each, and as long as an input may be. */
const jsonBounds = { maxDepth: 64, maxValues: 262_144 };

/** @returns undefined for a text that is not strict JSON, and for more values than evidence comes to. */
export function readJson(text: string): unknown {
  return attempt(() => parseJson(text, text.length, jsonBounds));
}

const jwtPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

export function isJwt(text: string): boolean {
  return jwtPattern.test(text);
}

/** Header and claims of a JSON web signature in compact form (RFC 7519); the signature is not looked at. */
export function readJwt(text: string):
  | {
      readonly header: Readonly<Record<string, unknown>>;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | undefined {
  const [header, claims] = text.split('.', 2).map((part) => {
    const bytes = decodeBase64(part);
    const json = bytes === undefined ? undefined : attempt(() => decodeUtf8(bytes));
    const value = json === undefined ? undefined : readJson(json);
    return isRecord(value) ? value : undefined;
  });
  return header === undefined || claims === undefined ? undefined : { header, claims };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The texts in a JSON value, its lists of bytes, its reports of SEV-SNP and its documents of Azure VMs, each with its
 * path: `evidence.quote`, `keys[0].x5c`. Empty for the value itself.
 */
export function jsonMembers(
  value: unknown,
): readonly { readonly path: string; readonly content: string | Uint8Array }[] {
  const members: { path: string; content: string | Uint8Array }[] = [];
  let left = maximumMembers;
  const walk = (current: unknown, path: string, depth: number): void => {
    left -= 1;
    if (left < 0 || depth > maximumDepth) return;
    const report = snpReportOfJson(current);
    if (typeof current === 'string') members.push({ path, content: current });
    else if (report !== undefined) members.push({ path, content: report });
    else if (isByteList(current, longestByteList) && current.length >= shortestByteList) {
      members.push({ path, content: Uint8Array.from(current) });
    } else if (isAzureDocument(current)) members.push({ path, content: utf8(JSON.stringify(current)) });
    else if (Array.isArray(current)) {
      for (const [index, item] of current.slice(0, left).entries()) walk(item, `${path}[${index}]`, depth + 1);
    } else if (isRecord(current)) {
      for (const [name, item] of Object.entries(current)) walk(item, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  walk(value, '', 0);
  return members;
}
