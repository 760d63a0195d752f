import type { SgxReportFacts } from '@enclos/attestation';
import { Attribute } from '@enclos/sgx';
import { canonicalJson } from '../../tokens/canonical-json.ts';
import type { JsonClaims } from '../../tokens/signer.ts';
import type { CheckedData } from './checked-data.ts';
import type { QuoteTcbIncoming } from './tcb-claims.ts';
import type { NewClaims, ScalarClaims } from './tee-claims.ts';

/** Lower-case hex of the SHA-256 of each document: what `x-ms-sgx-collateral` says. */
export interface CollateralHashes {
  readonly qeidcertshash: string;
  readonly qeidcrlhash: string;
  readonly qeidhash: string;
  readonly tcbinfocertshash: string;
  readonly tcbinfocrlhash: string;
  readonly tcbinfohash: string;
}

export interface SgxClaimSources {
  readonly report: SgxReportFacts;
  readonly hashes: CollateralHashes;
  /** The hash of the quote alone, without a header of Open Enclave; hex. */
  readonly quoteHash: string;
  readonly runtime: CheckedData;
}

/** For policy and token. Numbers and booleans are such, all else is lower-case hex. */
export interface SgxClaims {
  readonly 'x-ms-sgx-is-debuggable': boolean;
  readonly 'x-ms-sgx-product-id': number;
  readonly 'x-ms-sgx-mrsigner': string;
  readonly 'x-ms-sgx-mrenclave': string;
  readonly 'x-ms-sgx-svn': number;
  readonly 'x-ms-sgx-report-data': string;
  'x-ms-sgx-ehd'?: string;
  'x-ms-sgx-config-id'?: string;
  'x-ms-sgx-config-svn'?: number;
  'x-ms-sgx-isv-extended-product-id'?: string;
  'x-ms-sgx-isv-family-id'?: string;
}

/** Claims of an SGX enclave. */
export function sgxClaims({ report, runtime }: Pick<SgxClaimSources, 'report' | 'runtime'>): SgxClaims {
  const { flags } = report.attributes;
  const claims: SgxClaims = {
    'x-ms-sgx-is-debuggable': (flags & Attribute.DEBUG) !== 0n,
    'x-ms-sgx-product-id': report.isvProdId,
    'x-ms-sgx-mrsigner': report.mrSigner,
    'x-ms-sgx-mrenclave': report.mrEnclave,
    'x-ms-sgx-svn': report.isvSvn,
    'x-ms-sgx-report-data': report.reportData,
  };
  if (runtime.base64url !== undefined) claims['x-ms-sgx-ehd'] = runtime.base64url;
  // The fields exist for enclaves with key separation and sharing only.
  if ((flags & Attribute.KSS) !== 0n) {
    claims['x-ms-sgx-config-id'] = report.configId;
    claims['x-ms-sgx-config-svn'] = report.configSvn;
    claims['x-ms-sgx-isv-extended-product-id'] = report.isvExtProdId;
    claims['x-ms-sgx-isv-family-id'] = report.isvFamilyId;
  }
  return claims;
}

/**
 * What the policy gets: the claims, what is said of the platform, the collateral as JSON text, and claims by the names of the first
 * version of the service, which policies may still ask for.
 */
export function sgxIncoming(claims: SgxClaims, tcb: QuoteTcbIncoming, text: string): NewClaims<ScalarClaims> {
  const held = claims['x-ms-sgx-ehd'];
  const incoming: NewClaims<ScalarClaims> = { ...claims };
  incoming['x-enclos-root'] = tcb['x-enclos-root'];
  incoming['x-enclos-tcb-status'] = tcb['x-enclos-tcb-status'];
  incoming['x-enclos-tcb-evaluation-number'] = tcb['x-enclos-tcb-evaluation-number'];
  incoming['$tee'] = 'sgx';
  incoming['$maa-attestationcollateral'] = text;
  incoming['x-ms-sgx-collateral'] = text;
  incoming['$is-debuggable'] = claims['x-ms-sgx-is-debuggable'];
  incoming['$product-id'] = claims['x-ms-sgx-product-id'];
  incoming['$sgx-mrsigner'] = claims['x-ms-sgx-mrsigner'];
  incoming['$sgx-mrenclave'] = claims['x-ms-sgx-mrenclave'];
  incoming['$svn'] = claims['x-ms-sgx-svn'];
  if (held !== undefined) {
    incoming['$maa-ehd'] = held;
    incoming['$aas-ehd'] = held;
  }
  return incoming;
}

export function sgxCollateralClaim({ hashes, quoteHash }: Pick<SgxClaimSources, 'hashes' | 'quoteHash'>): JsonClaims {
  return { quotehash: quoteHash, ...hashes };
}

/** The text of the same for a policy: what `canonicalJson` makes of the claim, so that a policy may issue it as it is. */
export function sgxCollateralText({ hashes, quoteHash }: Pick<SgxClaimSources, 'hashes' | 'quoteHash'>): string {
  const [before = '', after = ''] = around.get(hashes) ?? textsAround(hashes);
  return `${before}"quotehash":"${quoteHash}"${after}`;
}

/** The texts before and after the hash of a quote: those of other quotes with the same collateral, too. */
const around = new WeakMap<CollateralHashes, readonly string[]>();

function textsAround(hashes: CollateralHashes): readonly string[] {
  const texts = canonicalJson(sgxCollateralClaim({ hashes, quoteHash: '' })).split('"quotehash":""');
  around.set(hashes, texts);
  return texts;
}

/** What goes into the token: the claims, and those that are deprecated and still issued. */
export function sgxTokenClaims(claims: SgxClaims, collateral: JsonClaims): NewClaims<JsonClaims> {
  const held = claims['x-ms-sgx-ehd'];
  const token: NewClaims<JsonClaims> = { ...claims };
  token['x-ms-sgx-collateral'] = collateral;
  token['maa-attestationcollateral'] = collateral;
  token['tee'] = 'sgx';
  token['ver'] = '1.0';
  if (held !== undefined) {
    token['maa-ehd'] = held;
    token['aas-ehd'] = held;
  }
  return token;
}
