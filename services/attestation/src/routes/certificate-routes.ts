import { isJsonObject, parseJson, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { Call } from './call.ts';
import { invalid, onlyMembers, readJwsText } from '@enclos/service/body';
import { isRefusal, Refusal } from '@enclos/service/refusal';
import type { Answer } from '@enclos/service/routes';
import { jwkOf, readX5c } from '../certificates/x5c.ts';
import { maximumJws, openManagementJws, requireRegistered, type ManagementJws } from '../policies/policy-jws.ts';
import { stateClaim } from './policy-routes.ts';
import type { TenantDocument } from '../document/document.ts';
import { isValidAt } from '../certificates/chain.ts';
import { thumbprint, type PolicyCertificate } from '../certificates/policy-certificate.ts';
import { registeredCertificates } from '../policies/registered.ts';

const maximumCertificates = 64;
/** The one member of the payload; clients of before 2020 have prefixes. */
const payloadMembers = ['', 'x-ms-', 'maa-', 'aas-'].map((prefix) => `${prefix}policyCertificate`);
/** The members of a JWK (RFC 7517) around a certificate. What repeats the key is not read: the certificate is what counts. */
const jwkMembers = ['kty', 'x5c', 'kid', 'alg', 'use', 'x5t', 'x5t#S256', 'n', 'e', 'crv', 'x', 'y'];

/** GET /certificates: a token whose `x-ms-policy-certificates` has those of an isolated tenant; of others there are none. */
export async function getCertificates({ tenant }: Call): Promise<Answer> {
  const snapshot = await tenant.state.read({ fresh: true });
  const isolated = tenant.configuration.trustModel === 'isolated';
  const keys = isolated ? registeredCertificates(snapshot.document).map((one) => jwkOf([one])) : [];
  const token = await tenant.signer.sign({ 'x-ms-policy-certificates': { keys }, ...stateClaim(snapshot) });
  return { body: { token } };
}

/** POST /certificates:add. One that is there already stays where it is. */
export function addCertificate(call: Call): Promise<Answer> {
  return changeCertificates(call, 'IsPresent', (registered, certificate) => {
    if (!isValidAt(certificate, call.options.now())) throw invalid('The certificate is not of now.');
    if (registered.some(({ der }) => equalBytes(der, certificate.der))) return registered;
    if (registered.length >= maximumCertificates) {
      throw refused(`A tenant has at most ${maximumCertificates} policy management certificates.`);
    }
    return [...registered, certificate];
  });
}

/** POST /certificates:remove. One that is not there is absent already; the last one stays, or policies could not be set any more. */
export function removeCertificate(call: Call): Promise<Answer> {
  return changeCertificates(call, 'IsAbsent', (registered, certificate) => {
    const left = registered.filter(({ der }) => !equalBytes(der, certificate.der));
    if (left.length === 0) throw refused('The last policy management certificate cannot be removed.');
    return left;
  });
}

type Change = (
  registered: readonly PolicyCertificate[],
  certificate: PolicyCertificate,
) => readonly PolicyCertificate[];

async function changeCertificates({ request, tenant, options }: Call, result: string, change: Change): Promise<Answer> {
  requireIsolated(tenant.configuration.trustModel);
  const now = options.now();
  const jws = openManagementJws(readJwsText(request.body, maximumJws), now);
  const certificate = readPayload(jws);
  const snapshot = await tenant.state.update((document: TenantDocument) => {
    const registered = registeredCertificates(document);
    requireRegistered(jws, registered, now);
    return { ...document, certificates: change(registered, certificate).map(({ der }) => toBase64(der)) };
  });
  const token = await tenant.signer.sign({
    'x-ms-certificate-thumbprint': thumbprint(certificate.der),
    // The first name is in Azure's documents, the second is what its client for JavaScript reads.
    'x-ms-certificate-result': result,
    'x-ms-policycertificates-result': result,
    ...stateClaim(snapshot),
  });
  return { body: { token } };
}

function requireIsolated(model: string): void {
  if (model === 'isolated') return;
  if (model === 'shared') throw new Refusal('SERVICE_FORBIDDEN', 'A shared tenant has no managers.');
  throw refused('Only a tenant of the isolated model has policy management certificates.');
}

/** `{"policyCertificate": {"kty", "x5c": [one]}}` */
function readPayload({ payload }: ManagementJws): PolicyCertificate {
  try {
    const body = parseJson(decodeUtf8(payload), maximumJws);
    const [name = '', ...more] = isJsonObject(body) ? Object.keys(body) : [];
    if (!isJsonObject(body) || more.length > 0 || !payloadMembers.includes(name)) {
      throw invalid('The payload must be an object with the one member policyCertificate.');
    }
    return readJwk(body[name]);
  } catch (error) {
    if (!isEnclosError(error) || isRefusal(error)) throw error;
    throw invalid(`The payload holds no certificate that is taken: ${error.message}`, error);
  }
}

function readJwk(value: JsonValue | undefined): PolicyCertificate {
  const { x5c, kty } = onlyMembers(value, 'policyCertificate', jwkMembers);
  const [certificate] = readX5c(x5c, 1);
  if (certificate === undefined || jwkOf([certificate]).kty !== kty) {
    throw invalid('kty of policyCertificate is not that of the key of the certificate.');
  }
  return certificate;
}

function toBase64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64');
}

function refused(message: string): Refusal {
  return new Refusal('SERVICE_OPERATION_INVALID', message, { explanation: { rule: 'certificates' } });
}
