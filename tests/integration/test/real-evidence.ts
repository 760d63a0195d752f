import { splitSignedBody, type QuoteCollateral } from '@enclos/attestation';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { vectors } from '@enclos/testkit';

const textOf = (path: string): string => new TextDecoder().decode(vectors.read(path));
const pemOf = (path: string): string => toPem('CERTIFICATE', vectors.read(path));

/** Of the tests of Azure's SDKs: an Open Enclave report, or the 287 bytes that it binds. */
export function azureSdk(name: 'openEnclaveReport' | 'openEnclaveReport.nondebug' | 'runtimeData'): Uint8Array {
  return new Uint8Array(Buffer.from(textOf(`maa/azure-sdk/${name}.b64url.txt`).trim(), 'base64url'));
}

/** A time at which {@link azureSdkCollateral} is current. */
export const azureSdkTime = '2025-06-11T19:08:46Z';

/** What the vectors have for the platform of those reports. */
export function azureSdkCollateral(): QuoteCollateral {
  const chain = new TextDecoder('latin1')
    .decode(azureSdk('openEnclaveReport'))
    .match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n?/g);
  const root = pemOf('dcap/certs/intel-sgx-root-ca.der');
  const signer = pemOf('dcap/certs/tcb-signing-c0575e76d030.der') + root;
  const tcbInfo = splitSignedBody(textOf('dcap/tcbinfo/f3c6070cb9bd.json'), 'tcbInfo');
  const qeIdentity = splitSignedBody(textOf('dcap/qeidentity/319548a29c83.json'), 'enclaveIdentity');
  return {
    pck_crl_issuer_chain: (chain?.[1] ?? '') + root,
    root_ca_crl: toHex(vectors.read('dcap/crl/ad6f3f4e0673.der')),
    pck_crl: toHex(vectors.read('dcap/crl/44f02b178948.der')),
    tcb_info_issuer_chain: signer,
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: signer,
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  };
}

/** A quote of a real trust domain that is up to date at `at`. */
export function realTrustDomain(): {
  readonly quote: Uint8Array;
  readonly collateral: QuoteCollateral;
  readonly at: string;
} {
  const folder = 'dcap/vectors/tdx-v4-uptodate';
  const { at } = JSON.parse(textOf(`${folder}/expected.json`)) as { readonly at: string };
  const collateral = JSON.parse(textOf(`${folder}/collateral.json`)) as QuoteCollateral;
  return { quote: vectors.read(`${folder}/quote.bin`), collateral, at };
}

/** A report of a real processor of AMD's (Milan), with its chain, as the API takes it. */
export function realSnpReport(): {
  readonly report: Uint8Array;
  readonly evidence: (report: Uint8Array) => Uint8Array;
} {
  const file = 'snp/attestation-rs/test-report.bin';
  const row = textOf('snp/INDEX.tsv')
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([name]) => name === file);
  const authorities = ['ask', 'ark'].map((name) => pemOf(`snp/attestation-rs/certs/milan/${name}.der`));
  const chain = [leafOf(row?.[12] ?? ''), ...authorities].join('');
  return {
    report: vectors.read(file),
    evidence: (report) =>
      utf8(JSON.stringify({ SnpReport: toBase64url(report), VcekCertChain: toBase64url(utf8(chain)) })),
  };
}

function leafOf(path: string): string {
  const end = '-----END CERTIFICATE-----\n';
  return path.endsWith('.der') ? pemOf(path) : `${textOf(path).split(end, 1).join('')}${end}`;
}
