import { splitSignedBody, type QuoteCollateral } from '@enclos/attestation';
import { toBase64, toHex } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { vectors } from '@enclos/testkit';
import { azureSdk, azureSdkCollateral, azureSdkTime } from '../real-evidence.ts';

/** Real evidence of an SGX enclave, and the time at which it is verified. */
export interface RealQuestion {
  readonly name: string;
  /** base64 */
  readonly quote: string;
  /** The JSON text of the collateral. */
  readonly collateral: string;
  readonly now: string;
}

interface MatrixRow {
  readonly quote: string;
  readonly tcbInfo: string;
  readonly qeIdentity: string;
  readonly rootCrl: string;
  readonly pckCrl: string;
  readonly tcbSigner: string;
  readonly qeSigner: string;
  readonly at: string;
}

const teeTypeOffset = 4;
const textOf = (path: string): string => new TextDecoder().decode(vectors.read(path));
const pemOf = (path: string): string => toPem('CERTIFICATE', vectors.read(path));
// The vectors are fixed files, and their callers name the shape.
const jsonOf = <T>(path: string): T => JSON.parse(textOf(path)) as T;

/** The evidence of Intel's processors among the vectors: that of SGX, in all combinations with collateral; none without the vectors. */
export function realQuestions(): readonly RealQuestion[] {
  if (!vectors.available) return [];
  const curated = vectors
    .list('dcap/vectors')
    .filter((name) => name.startsWith('sgx-'))
    .map((name) => ({
      name: `real: ${name}`,
      quote: toBase64(vectors.read(`dcap/vectors/${name}/quote.bin`)),
      collateral: textOf(`dcap/vectors/${name}/collateral.json`),
      now: isoOf(jsonOf<{ readonly at: string }>(`dcap/vectors/${name}/expected.json`).at),
    }));
  const rows = jsonOf<readonly MatrixRow[]>('dcap/matrix.json').map((row) => ({
    row,
    quote: vectors.read(`dcap/quotes/${row.quote}.bin`),
  }));
  const matrix = rows
    .filter(({ quote }) => quote[teeTypeOffset] === 0)
    .map(({ row, quote }, index) => ({
      name: `real: row ${index} of the matrix, quote ${row.quote}`,
      quote: toBase64(quote),
      collateral: JSON.stringify(collateralOf(row, quote)),
      now: isoOf(row.at),
    }));
  const azure = (['openEnclaveReport', 'openEnclaveReport.nondebug'] as const).map((name) => ({
    name: `real: ${name} of Azure`,
    // The quote comes after the header of Open Enclave.
    quote: toBase64(azureSdk(name).slice(16)),
    collateral: JSON.stringify(azureSdkCollateral()),
    now: isoOf(azureSdkTime),
  }));
  return [...curated, ...matrix, ...azure];
}

function isoOf(time: string): string {
  return new Date(time).toISOString();
}

function collateralOf(row: MatrixRow, quote: Uint8Array): QuoteCollateral {
  const root = pemOf('dcap/certs/intel-sgx-root-ca.der');
  const signer = (id: string): string => pemOf(`dcap/certs/tcb-signing-${id}.der`) + root;
  const tcbInfo = splitSignedBody(textOf(`dcap/tcbinfo/${row.tcbInfo}.json`), 'tcbInfo');
  const qeIdentity = splitSignedBody(textOf(`dcap/qeidentity/${row.qeIdentity}.json`), 'enclaveIdentity');
  const chain = new TextDecoder('latin1').decode(quote).match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n?/g);
  return {
    pck_crl_issuer_chain: (chain?.[1] ?? '') + root,
    root_ca_crl: toHex(vectors.read(`dcap/crl/${row.rootCrl}.der`)),
    pck_crl: toHex(vectors.read(`dcap/crl/${row.pckCrl}.der`)),
    tcb_info_issuer_chain: signer(row.tcbSigner),
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: signer(row.qeSigner),
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  };
}
