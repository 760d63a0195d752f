import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { toHex } from '@enclos/codec';
import { QuoteVerifier } from '@phala/dcap-qvl';
import { initSync, js_verify as verifyInWasm } from '@phala/dcap-qvl-web';

/**
 * What is compared of a verdict: all that the peer tells of an SGX quote, in the words of our own. It has a PPID too, which
 * is empty for Intel's quotes as well: its reader of the PCK extension takes an encoded ENUMERATED for its value, and fails.
 */
export interface PeerVerdict {
  /** As in the TCB info: `UpToDate`. */
  readonly status: string;
  /** Sorted. */
  readonly advisoryIds: readonly string[];
  readonly report: {
    readonly cpuSvn: string;
    readonly miscSelect: number;
    /** 16 bytes of hex: flags, then XFRM, little-endian. */
    readonly attributes: string;
    readonly mrEnclave: string;
    readonly mrSigner: string;
    readonly isvProdId: number;
    readonly isvSvn: number;
    readonly reportData: string;
  };
}

const require = createRequire(import.meta.url);

/** Collateral in the shape that verifiers share: ours, or what the peer's own client fetched. */
export type PeerCollateral = Parameters<QuoteVerifier['verify']>[1];

/** A quote and what it is verified with, for any verifier. */
export interface PeerEvidence {
  readonly quote: Uint8Array;
  readonly collateral: PeerCollateral;
  readonly now: Date;
}

/** `@phala/dcap-qvl` with a root of one's own. @throws what the package throws: errors with a text, and no code. */
export function verifyWithPeer({ quote, collateral, now }: PeerEvidence, rootPem: string): PeerVerdict {
  const verifier = QuoteVerifier.newWithRootCa(new X509Certificate(rootPem).raw);
  return verdictOf(verifier.verify(quote, collateral, seconds(now)));
}

/** `@phala/dcap-qvl` with the root that it holds, which is Intel's. */
export function verifyWithPeerForIntel({ quote, collateral, now }: PeerEvidence): PeerVerdict {
  return verdictOf(QuoteVerifier.newProd().verify(quote, collateral, seconds(now)));
}

/** `@phala/dcap-qvl-web`: Intel's root is compiled into it, and no argument takes another. @throws texts, not errors. */
export function verifyWithWebPeer({ quote, collateral, now }: PeerEvidence): unknown {
  initSync({ module: readFileSync(require.resolve('@phala/dcap-qvl-web/dcap-qvl-web_bg.wasm')) });
  return verifyInWasm(quote, collateral, BigInt(seconds(now)));
}

/**
 * What the peer's own client fetches from a PCCS. The CA is an argument: its `getCollateral`, which looks for it in the
 * quote, always finds `processor`, since its `getCertIssuer` takes the encoded name for a decoded one, and fails.
 */
export function fetchWithPeer(url: string, fmspc: string): Promise<PeerCollateral> {
  // The index declares it and does not export it.
  const { getCollateralForFmspc } = require('@phala/dcap-qvl/src/collateral.js') as typeof import('@phala/dcap-qvl');
  return getCollateralForFmspc(url, fmspc, 'platform', true);
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function verdictOf(verified: ReturnType<QuoteVerifier['verify']>): PeerVerdict {
  const report = verified.report.asSgx();
  if (report === null) throw new Error('The peer took the quote for one of TDX.');
  return {
    status: verified.status,
    advisoryIds: verified.advisory_ids.toSorted(),
    report: {
      cpuSvn: toHex(report.cpuSvn),
      miscSelect: report.miscSelect,
      attributes: toHex(report.attributes),
      mrEnclave: toHex(report.mrEnclave),
      mrSigner: toHex(report.mrSigner),
      isvProdId: report.isvProdId,
      isvSvn: report.isvSvn,
      reportData: toHex(report.reportData),
    },
  };
}
