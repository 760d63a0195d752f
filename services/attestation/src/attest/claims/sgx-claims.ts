import type { SgxReportFacts } from '@enclos/attestation';
import { Attribute } from '@enclos/sgx';
import { canonicalJson } from '../../tokens/canonical-json.ts';
import { mergedClaims } from '../../tokens/merged-claims.ts';
import type { JsonClaims } from '../../tokens/signer.ts';
import type { CheckedData } from './checked-data.ts';
import type { ScalarClaims } from './tee-claims.ts';

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

/** Claims of an SGX enclave, for policy and token. Numbers and booleans are such, all else is lower-case hex. */
export function sgxClaims({ report, runtime }: Pick<SgxClaimSources, 'report' | 'runtime'>): ScalarClaims {
  const { flags } = report.attributes;
  return {
    'x-ms-sgx-is-debuggable': (flags & Attribute.DEBUG) !== 0n,
    'x-ms-sgx-product-id': report.isvProdId,
    'x-ms-sgx-mrsigner': report.mrSigner,
    'x-ms-sgx-mrenclave': report.mrEnclave,
    'x-ms-sgx-svn': report.isvSvn,
    'x-ms-sgx-report-data': report.reportData,
    ...(runtime.base64url === undefined ? {} : { 'x-ms-sgx-ehd': runtime.base64url }),
    // The fields exist for enclaves with key separation and sharing only.
    ...((flags & Attribute.KSS) === 0n
      ? {}
      : {
          'x-ms-sgx-config-id': report.configId,
          'x-ms-sgx-config-svn': report.configSvn,
          'x-ms-sgx-isv-extended-product-id': report.isvExtProdId,
          'x-ms-sgx-isv-family-id': report.isvFamilyId,
        }),
  };
}

/** Names of the first version of the service, which policies may still ask for. */
const formerIncoming = Object.entries({
  '$is-debuggable': 'x-ms-sgx-is-debuggable',
  '$product-id': 'x-ms-sgx-product-id',
  '$sgx-mrsigner': 'x-ms-sgx-mrsigner',
  '$sgx-mrenclave': 'x-ms-sgx-mrenclave',
  $svn: 'x-ms-sgx-svn',
  '$maa-ehd': 'x-ms-sgx-ehd',
  '$aas-ehd': 'x-ms-sgx-ehd',
});

/** What only the policy gets: the collateral as JSON text, and claims by their former names. */
export function sgxIncoming(claims: ScalarClaims, text: string): ScalarClaims {
  const former: Record<string, string | number | boolean> = {
    $tee: 'sgx',
    '$maa-attestationcollateral': text,
    'x-ms-sgx-collateral': text,
  };
  for (const [name, current] of formerIncoming) {
    const value = claims[current];
    if (value !== undefined) former[name] = value;
  }
  return former;
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
export function sgxTokenClaims(claims: ScalarClaims, collateral: JsonClaims): JsonClaims {
  const held = claims['x-ms-sgx-ehd'];
  const token = mergedClaims<JsonClaims>(claims);
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
