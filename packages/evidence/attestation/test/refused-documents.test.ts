import { fromHex } from '@enclos/codec';
import { authority, other, testRefusals } from './refusal-cases.ts';
import { goodReport } from './synthetic-platform.ts';

const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

const tdxLevel = {
  tcb: {
    sgxtcbcomponents: Array.from({ length: 16 }, () => ({ svn: 1 })),
    tdxtcbcomponents: Array.from({ length: 16 }, () => ({ svn: 1 })),
    pcesvn: 1,
  },
  tcbDate: '2024-01-01T00:00:00Z',
  tcbStatus: 'UpToDate',
};
const tdxModule = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) };

testRefusals([
  [
    'another QE vendor',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, qeVendorId: new Uint8Array(16) }) },
  ],
  [
    'certification data of type 6',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 6 } }) },
  ],
  [
    'certification data of type 0',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 0 } }) },
  ],
  [
    'no PCK chain at all',
    'quote-format',
    'MISSING_PARAMETERS',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 1 } }) },
  ],
  [
    'a chain that is no PEM',
    'quote-format',
    'UNSUPPORTED_CERT_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationData: fromHex('ff00') } }) },
  ],
  [
    'a signing chain of one',
    'tcb-signing-chain',
    'UNSUPPORTED_CERT_FORMAT',
    { signingChain: (good) => good.slice(0, 1) },
  ],
  [
    'a signing chain of three',
    'tcb-signing-chain',
    'UNSUPPORTED_CERT_FORMAT',
    { signingChain: (good) => [...good, ...good.slice(1)] },
  ],
  [
    'a signing chain without its root',
    'tcb-signing-chain',
    'SGX_ROOT_CA_MISSING',
    { signingChain: ([signer]) => [signer, signer].flatMap((der) => der ?? []) },
  ],
  [
    'a signing certificate of another name',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_MISSING',
    { signer: { commonName: 'Test' } },
  ],
  [
    'a signing certificate that is an authority',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS',
    { signer: { extensions: authority('') } },
  ],
  [
    'a signing certificate signed by another key',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_ISSUER',
    { signer: { issuerKey: other } },
  ],
  [
    'a signing certificate that names another issuer',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_ISSUER',
    { signer: { issuerName: 'Another CA' } },
  ],
  ['a revoked signing certificate', 'tcb-signing-chain', 'SGX_TCB_SIGNING_CERT_REVOKED', { rootCrl: { revoked: [4] } }],
  ['TCB info signed by another key', 'tcb-info-signature', 'TCB_INFO_INVALID_SIGNATURE', { signer: { key: other } }],
  [
    'a changed TCB info',
    'tcb-info-signature',
    'TCB_INFO_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, tcb_info: good.tcb_info.replace('"OutOfDate"', '"UpToDate"') }) },
  ],
  [
    'TCB info with other white space',
    'tcb-info-signature',
    'TCB_INFO_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, tcb_info: `${good.tcb_info} ` }) },
  ],
  [
    'a changed QE identity',
    'qe-identity-signature',
    'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, qe_identity: good.qe_identity.replace('"OutOfDate"', '"UpToDate"') }) },
  ],
  [
    'TCB info of TDX',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, id: 'TDX', tdxModule, tcbLevels: [tdxLevel] }) },
  ],
  [
    'TCB info of another FMSPC',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }) },
  ],
  [
    'TCB info of another PCEID',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, pceId: '0001' }) },
  ],
  ['a QE report signed by another key', 'qe-report-signature', 'INVALID_QE_REPORT_SIGNATURE', { pck: { key: other } }],
  [
    'a changed QE report signature',
    'qe-report-signature',
    'INVALID_QE_REPORT_SIGNATURE',
    {
      quote: (good) => ({
        ...good,
        signature: { ...good.signature, qeReportSignature: flip(good.signature.qeReportSignature) },
      }),
    },
  ],
  [
    'other QE authentication data',
    'qe-report-binding',
    'INVALID_QE_REPORT_DATA',
    { quote: (good) => ({ ...good, signature: { ...good.signature, qeAuthData: new Uint8Array() } }) },
  ],
  [
    'another attestation key',
    'qe-report-binding',
    'INVALID_QE_REPORT_DATA',
    { quote: (good) => ({ ...good, signature: { ...good.signature, attestationKey: other.point } }) },
  ],
  [
    'the identity of another enclave',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeIdentity: (good) => ({ ...good, id: 'TD_QE' }) },
  ],
  ['a QE of another MISCSELECT', 'qe-identity-match', 'QE_IDENTITY_MISMATCH', { qeReport: { miscSelect: 1 } }],
  [
    'a QE of other ATTRIBUTES',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeReport: { attributes: { flags: 0x17n, xfrm: 3n } } },
  ],
  [
    'an identity with attributes outside its mask',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeIdentity: (good) => ({ ...good, attributesMask: '00'.repeat(16) }) },
  ],
  [
    'a QE of another MRSIGNER',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeReport: { mrSigner: new Uint8Array(32) } },
  ],
  ['a QE of another ISVPRODID', 'qe-identity-match', 'QE_IDENTITY_MISMATCH', { qeReport: { isvProdId: 2 } }],
  [
    'a changed report',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    { quote: (good) => ({ ...good, body: { type: 'sgx', report: { ...goodReport, isvSvn: 9 } } }) },
  ],
  [
    'a changed header',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    { quote: (good) => ({ ...good, userData: flip(good.userData) }) },
  ],
  [
    'a changed quote signature',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    {
      quote: (good) => ({
        ...good,
        signature: { ...good.signature, isvSignature: flip(good.signature.isvSignature, 40) },
      }),
    },
  ],
]);
