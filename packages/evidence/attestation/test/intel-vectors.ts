import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { splitSignedBody, type QuoteCollateral } from '../src/index.ts';
import { decodeCertificates } from '../src/x509/pem.ts';

/** A row of dcap/matrix.json of the vectors. */
export interface MatrixRow {
  readonly quote: string;
  readonly tcbInfo: string;
  readonly qeIdentity: string;
  readonly rootCrl: string;
  readonly pckCrl: string;
  readonly tcbSigner: string;
  readonly qeSigner: string;
  readonly at: string;
  readonly windowFrom: string;
  readonly windowTo: string;
  readonly expect: string;
  readonly expired: readonly string[];
  /** Absent with `detail`. */
  readonly levelStatus?: string;
  readonly moduleStatus?: string;
  readonly qeStatus: string;
  readonly launchStatus?: string;
  readonly currentStatus?: string;
  readonly currentTcbDate?: string;
  readonly currentAdvisoryIds?: readonly string[];
  readonly advisoryIds?: readonly string[];
  readonly tcbDate?: string;
  /** Why the status is TCB_NOT_SUPPORTED. */
  readonly detail?: string;
  readonly sgxDebug?: boolean;
  readonly tdDebug?: boolean;
  readonly septVeDisable?: boolean;
  /** null where the report has none. */
  readonly mrServiceTdZero?: boolean | null;
  readonly pckNotYetValid?: boolean;
}

export function readText(path: string): string {
  return new TextDecoder().decode(vectors.read(path));
}

export function readJson<T>(path: string): T {
  // The vectors are fixed files; the caller names their shape.
  return JSON.parse(readText(path)) as T;
}

export function pem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/(.{64})/g, '$1\n').trim()}\n-----END CERTIFICATE-----\n`;
}

/** The PEM chain that a quote carries. */
export function chainOf(quote: Uint8Array): string {
  const text = Buffer.from(quote).toString('latin1');
  return text.slice(text.indexOf('-----BEGIN'), text.lastIndexOf('-----') + 5);
}

export function quoteOf(row: MatrixRow): Uint8Array {
  return vectors.read(`dcap/quotes/${row.quote}.bin`);
}

export function allRows(): readonly MatrixRow[] {
  return readJson<readonly MatrixRow[]>('dcap/matrix.json');
}

/** The rows whose quote is of version 3. */
export function sgxRows(): readonly MatrixRow[] {
  return allRows().filter((row) => quoteOf(row)[0] === 3);
}

export function collateralOf(row: MatrixRow): QuoteCollateral {
  const root = pem(vectors.read('dcap/certs/intel-sgx-root-ca.der'));
  const signer = (id: string): string => pem(vectors.read(`dcap/certs/tcb-signing-${id}.der`)) + root;
  const tcbInfo = splitSignedBody(readText(`dcap/tcbinfo/${row.tcbInfo}.json`), 'tcbInfo');
  const qeIdentity = splitSignedBody(readText(`dcap/qeidentity/${row.qeIdentity}.json`), 'enclaveIdentity');
  const [, intermediate = new Uint8Array()] = decodeCertificates(chainOf(quoteOf(row)));
  return {
    pck_crl_issuer_chain: pem(intermediate) + root,
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
