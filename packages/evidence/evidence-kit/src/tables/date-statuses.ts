import type { CertificateChanges, Role, ScenarioChanges } from '../scenario/changes.ts';
import type { DatedPart, ExpirationStatus } from '../scenario/statuses.ts';
import { row, type StatusScenario } from './status-scenario.ts';

const yesterday = new Date('2026-01-14T00:00:00Z');
const tomorrow = new Date('2026-01-16T00:00:00Z');

type Row = readonly [part: DatedPart, changes: ScenarioChanges, expiration?: ExpirationStatus];

const certificate = (role: Role, dates: CertificateChanges): ScenarioChanges => ({ certificates: { [role]: dates } });

const ended: readonly Row[] = [
  ['rootCertificate', certificate('root', { notAfter: yesterday }), 'SGX_PCK_CERT_CHAIN_EXPIRED'],
  ['intermediateCertificate', certificate('intermediate', { notAfter: yesterday }), 'SGX_PCK_CERT_CHAIN_EXPIRED'],
  ['pckCertificate', certificate('pck', { notAfter: yesterday }), 'SGX_PCK_CERT_CHAIN_EXPIRED'],
  ['tcbSigningCertificate', certificate('tcbSigner', { notAfter: yesterday }), 'SGX_SIGNING_CERT_CHAIN_EXPIRED'],
  [
    'qeIdentitySigningCertificate',
    certificate('identitySigner', { notAfter: yesterday }),
    'SGX_SIGNING_CERT_CHAIN_EXPIRED',
  ],
  ['rootCrl', { rootCrl: { nextUpdate: yesterday } }, 'SGX_CRL_EXPIRED'],
  ['pckCrl', { pckCrl: { nextUpdate: yesterday } }, 'SGX_CRL_EXPIRED'],
  ['tcbInfo', { tcbInfo: (good) => ({ ...good, nextUpdate: '2026-01-14T00:00:00Z' }) }, 'SGX_TCB_INFO_EXPIRED'],
  [
    'qeIdentity',
    { qeIdentity: (good) => ({ ...good, nextUpdate: '2026-01-14T00:00:00Z' }) },
    'SGX_ENCLAVE_IDENTITY_EXPIRED',
  ],
];

/** QVL looks at the beginning of revocation lists only. */
const future: readonly Row[] = [
  ['rootCertificate', certificate('root', { notBefore: tomorrow })],
  ['intermediateCertificate', certificate('intermediate', { notBefore: tomorrow })],
  ['pckCertificate', certificate('pck', { notBefore: tomorrow })],
  ['tcbSigningCertificate', certificate('tcbSigner', { notBefore: tomorrow })],
  ['qeIdentitySigningCertificate', certificate('identitySigner', { notBefore: tomorrow })],
  ['rootCrl', { rootCrl: { thisUpdate: tomorrow } }, 'SGX_CRL_EXPIRED'],
  ['pckCrl', { pckCrl: { thisUpdate: tomorrow } }, 'SGX_CRL_EXPIRED'],
  ['tcbInfo', { tcbInfo: (good) => ({ ...good, issueDate: '2026-01-16T00:00:00Z' }) }],
  ['qeIdentity', { qeIdentity: (good) => ({ ...good, issueDate: '2026-01-16T00:00:00Z' }) }],
];

const documents: readonly DatedPart[] = ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity'];

const withExpiration = (expiration: ExpirationStatus | undefined): { readonly expiration?: ExpirationStatus } =>
  expiration === undefined ? {} : { expiration };

/** Each thing that has dates, over and not yet begun, and the instants at which that changes. */
export const dateStatuses: readonly StatusScenario[] = Object.freeze([
  ...ended.map(([part, changes, expiration]) =>
    row(`dates: ${part} is over`, changes, { expired: [part], ...withExpiration(expiration) }),
  ),
  ...future.map(([part, changes, expiration]) =>
    row(`dates: ${part} has not begun`, changes, { notYetValid: [part], ...withExpiration(expiration) }),
  ),
  row('dates: the first second of the documents', { at: new Date('2026-01-01T00:00:00Z') }),
  row('dates: the last second of the documents', { at: new Date('2026-02-01T00:00:00Z') }),
  row(
    'dates: the second before the documents',
    { at: new Date('2025-12-31T23:59:59Z') },
    { notYetValid: documents, expiration: 'SGX_CRL_EXPIRED' },
  ),
  row(
    'dates: the second after the documents',
    { at: new Date('2026-02-01T00:00:01Z') },
    { expired: documents, expiration: 'SGX_CRL_EXPIRED' },
  ),
]);
