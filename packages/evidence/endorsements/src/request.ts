import { refuseRequest } from './refusal.ts';

const hex = (sizeBytes: number): RegExp => new RegExp(`^[0-9a-f]{${2 * sizeBytes}}$`);
const tee = /^(?:sgx|tdx)$/;
const baseline = /^(?:early|standard|[1-9]\d{0,9})$/;
const signingKey = /^(?:vcek|vlek)$/;
const product = /^(?:Milan|Genoa|Turin)$/;
const svn = /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/;

/** The parameters of each kind of item. A name that ends in `?` may be absent. */
const kinds = {
  'tcb-info': { baseline, fmspc: hex(6), tee },
  'qe-identity': { baseline, tee },
  'evaluation-numbers': { tee },
  'pck-crl': { ca: /^(?:processor|platform)$/ },
  'root-crl': {},
  'pck-certificate': {
    cpusvn: hex(16),
    'encrypted-ppid?': /^(?:[0-9a-f]{2}){256,512}$/,
    pceid: hex(2),
    pcesvn: hex(2),
    'ppid?': hex(16),
    'qeid?': hex(16),
  },
  'snp-certificate': {
    bl: svn,
    'fmc?': svn,
    hwid: /^(?:[0-9a-f]{16}|[0-9a-f]{128})$/,
    product,
    'signing-key': signingKey,
    snp: svn,
    tee: svn,
    ucode: svn,
  },
  'snp-chain': { product, 'signing-key': signingKey },
  'snp-crl': { product, 'signing-key': signingKey },
} as const satisfies Readonly<Record<string, Readonly<Record<string, RegExp>>>>;

export type ItemKind = keyof typeof kinds;

/** One thing that a collateral service gives. */
export interface ItemRequest {
  readonly kind: ItemKind;
  /** Canonical: lower-case hex, decimal numbers, and words. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `tcb-info?baseline=standard&fmspc=00906ed50000&tee=sgx`: one text for one request. */
  readonly text: string;
}

/** @throws ENDORSEMENTS_REQUEST_INVALID for a parameter that is unknown, missing or malformed. */
export function itemRequest(
  kind: ItemKind,
  given: Readonly<Record<string, string | number | undefined>> = {},
): ItemRequest {
  const patterns: Readonly<Record<string, RegExp>> = kinds[kind];
  const known = new Map(Object.entries(patterns).map(([name, pattern]) => [name.replace('?', ''), pattern]));
  const present = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  for (const [name, value] of present) {
    if (known.get(name)?.test(value) !== true) refuseRequest(`${name} of ${kind} is not one: ${shown(value)}.`);
  }
  const parameters = new Map(present);
  for (const name of Object.keys(patterns)) {
    if (!name.endsWith('?') && !parameters.has(name)) refuseRequest(`${kind} needs ${name}.`);
  }
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  const query = sorted.map(([name, value]) => `${name}=${value}`).join('&');
  return Object.freeze({
    kind,
    parameters: Object.freeze(Object.fromEntries(sorted)),
    text: query === '' ? kind : `${kind}?${query}`,
  });
}

const longestText = 2048;

/**
 * Reads the text of a request, in its one form.
 * @throws ENDORSEMENTS_REQUEST_INVALID
 */
export function parseItemRequest(text: string): ItemRequest {
  if (text.length > longestText) refuseRequest('A request of that length is not one.');
  const [kind = '', query, ...more] = text.split('?');
  if (!isItemKind(kind) || more.length > 0) return refuseRequest(`${shown(text)} is not a request for an item.`);
  const pairs = query === undefined ? [] : query.split('&').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2)) refuseRequest(`${shown(text)} is not a request for an item.`);
  const request = itemRequest(kind, Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value])));
  if (request.text !== text) refuseRequest(`${shown(text)} is not in the one form of its request.`);
  return request;
}

function isItemKind(kind: string): kind is ItemKind {
  return Object.hasOwn(kinds, kind);
}

/** The start of a given value, short enough for a message. */
function shown(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
