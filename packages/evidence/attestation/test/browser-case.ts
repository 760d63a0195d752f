import type { TrustedRoot } from '../src/index.ts';

/** One verification for the browser: plain JSON. */
export interface BrowserCase {
  readonly name: string;
  /** base64. */
  readonly quote: string;
  readonly collateral: unknown;
  readonly roots: readonly TrustedRoot[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly allowTrailingBytes: boolean;
}

/** One verification of an SEV-SNP report; bytes are base64. */
export interface BrowserSnpCase {
  readonly snpReport: string;
  /** PEM, or base64 of DER. */
  readonly leaf: string;
  readonly chain: readonly string[];
  readonly nowMs: number;
}

/** What became of it: the verdict, or the code and the public details of the error. */
export interface BrowserResult {
  readonly verdict?: unknown;
  readonly error?: { readonly code: string; readonly details: unknown; readonly message: string };
}

interface Case extends Omit<BrowserCase, 'quote' | 'nowMs'> {
  readonly quote: Uint8Array;
  readonly now: Date;
}

export function browserCase({ quote, now, ...rest }: Case): BrowserCase {
  return { ...rest, quote: Buffer.from(quote).toString('base64'), nowMs: now.getTime() };
}

/** JSON has no BigInt. */
export function withoutBigInts(verdict: unknown): unknown {
  return JSON.parse(
    JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? { bigint: String(value) } : value)),
  );
}

/** The value that `withoutBigInts` wrote. */
export function withBigInts(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (_, value: unknown) => {
    const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'bigint') : undefined;
    return typeof text === 'string' ? BigInt(text) : value;
  });
}

/**
 * The page of the test, in full: it loads the single file, verifies every case of
 * /cases.json with it, and keeps what it was told in `window.results`.
 */
export const browserPage = `<!doctype html><title>cases</title><script type="module">
import * as enclos from '/attestation.js';
const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const plain = (value) => JSON.parse(JSON.stringify(value, (_, inner) =>
  typeof inner === 'bigint' ? { bigint: String(inner) } : inner));
const verifyReport = ({ snpReport, leaf, chain, nowMs }) => {
  const signingKeyCertificate = leaf.startsWith('-') ? leaf : bytesOf(leaf);
  const endorsements = enclos.parseSnpCollateral({ signingKeyCertificate, certificateChain: chain.map(bytesOf) });
  const roots = [enclos.AMD_MILAN_ROOT, enclos.AMD_GENOA_ROOT, enclos.AMD_TURIN_ROOT];
  return enclos.verifySnpReport(bytesOf(snpReport), endorsements, { roots, now: new Date(nowMs) });
};
const verifyQuote = ({ quote, collateral, roots, nowMs, allowTrailingBytes }) => {
  const options = { roots, now: new Date(nowMs), allowTrailingBytes };
  return enclos.verifyQuote(bytesOf(quote), enclos.parseCollateral(collateral), options);
};
const results = [];
for (const given of await (await fetch('/cases.json')).json()) {
  try {
    const verdict = await (given.snpReport === undefined ? verifyQuote(given) : verifyReport(given));
    results.push({ verdict: plain(verdict) });
  } catch (error) {
    const { code, details, message } = error;
    results.push({ error: { code, details, message } });
  }
}
window.names = Object.keys(enclos).sort();
window.results = results;
</script>`;
