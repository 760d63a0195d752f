import { hash } from 'node:crypto';
import { BoundedMap } from '@enclos/bounded';
import { utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { toPem } from '@enclos/codec/pem';
import { decodeUtf8 } from '@enclos/codec/text';
import { readCertificateShape, readValidity, type CertificateValidity } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import type { KvTransaction } from '@enclos/kv';
import type { AuthnContext, AuthnFinding } from '../contract/caller.ts';

/** Users and members are kept alike (CCF, doc/audit/builtin_maps.rst). */
const parties = {
  user: { certificates: 'public:ccf.gov.users.certs', info: 'public:ccf.gov.users.info', data: 'user_data' },
  member: { certificates: 'public:ccf.gov.members.certs', info: 'public:ccf.gov.members.info', data: 'member_data' },
} as const;
export type Party = keyof typeof parties;

/** As CCF keeps (src/endpoints/authentication/cert_auth.cpp). */
const validities = new BoundedMap<CertificateValidity>(500);
const maximumInfoLength = 1_048_576;

/** The certificate of a user or a member, if the store has it. PEM. */
export function certificateOf(transaction: KvTransaction, party: Party, id: string): string | undefined {
  const found = transaction.map(parties[party].certificates).get(utf8(id));
  return found === undefined ? undefined : decodeUtf8(found);
}

/** What governance wrote beside a user or a member; null without anything. */
export function dataOf(transaction: KvTransaction, party: Party, id: string): unknown {
  const found = transaction.map(parties[party].info).get(utf8(id));
  const info = found === undefined ? undefined : parseJsonBytes(found, maximumInfoLength);
  return isJsonObject(info) ? (info[parties[party].data] ?? null) : null;
}

/** `user_cert` and `member_cert`: the certificate of TLS is one that governance knows. */
export function authenticateParty({ request, transaction, nowSeconds }: AuthnContext, party: Party): AuthnFinding {
  const { certificate } = request;
  if (certificate === undefined) return { refusal: `No caller ${party} certificate` };
  const id = hash('sha256', certificate, 'hex');
  // CCF leaves the dates of members to governance.
  const refusal = party === 'user' ? refusalByDate(certificate, id, nowSeconds) : undefined;
  if (refusal !== undefined) return { refusal };
  const cert = certificateOf(transaction, party, id);
  if (cert === undefined) return { refusal: `Could not find matching ${party} certificate` };
  return { caller: { policy: `${party}_cert`, id, data: dataOf(transaction, party, id), cert } };
}

/** `any_cert`: any client with the key of a certificate that is valid now. */
export function authenticateAnyCertificate({ request, nowSeconds }: AuthnContext): AuthnFinding {
  const { certificate } = request;
  if (certificate === undefined) return { refusal: 'No caller certificate' };
  const refusal = refusalByDate(certificate, hash('sha256', certificate, 'hex'), nowSeconds);
  if (refusal !== undefined) return { refusal };
  return { caller: { policy: 'any_cert', cert: toPem('CERTIFICATE', certificate) } };
}

function refusalByDate(certificate: Uint8Array, id: string, nowSeconds: number): string | undefined {
  const validity = validityOf(certificate, id);
  if (validity === undefined) return 'Could not read caller certificate';
  const [from, to] = [Math.floor(validity.notBeforeMs / 1000), Math.floor(validity.notAfterMs / 1000)];
  if (nowSeconds < from) {
    return `Current time ${nowSeconds} is before certificate's Not Before validity period ${from}`;
  }
  return nowSeconds > to
    ? `Current time ${nowSeconds} is after certificate's Not After validity period ${to}`
    : undefined;
}

function validityOf(certificate: Uint8Array, id: string): CertificateValidity | undefined {
  const known = validities.get(id);
  if (known !== undefined) return known;
  try {
    const validity = readValidity(readCertificateShape(certificate).validity);
    validities.set(id, validity);
    return validity;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
