import { routes } from '../src/routes/table.ts';
import { managerJws, permissive, policyPayload, unsignedJws } from '../test/jws.ts';
import { attestedToken, secretBody } from '../test/secrets/requests.ts';
import { bearer, createSite, isolated, managementToken, policySigner, tenantFile } from '../test/site.ts';

const token = managementToken();
const site = createSite({ file: tenantFile({ ...isolated, attest: 'authenticated' }) });
const attested = await attestedToken(site);
const policy = managerJws(policyPayload(permissive), policySigner);

/** Method, target, headers and body, each on a line of its own. */
function seed(method: string, target: string, body = '', authorization = `Bearer ${token}`): Uint8Array {
  return new Uint8Array(Buffer.from([method, target, authorization, body].join('\n')));
}

export const seeds: readonly Uint8Array[] = [
  ...routes.map(({ method, path }) =>
    seed(method, `${path.replace('{type}', 'TdxVm').replace('{name}', 'one')}?api-version=2025-06-01`),
  ),
  seed(
    'POST',
    '/attest/SgxEnclave?api-version=2020-10-01',
    '{"quote":"AAAA","runtimeData":{"data":"AA","dataType":"JSON"}}',
  ),
  seed('PUT', '/policies/SgxEnclave?api-version=2020-10-01', policy),
  seed('PUT', '/keys/one?api-version=2025-06-01', JSON.stringify(secretBody())),
  seed(
    'POST',
    '/key/release?api-version=2025-06-01',
    JSON.stringify({ kid: 'one', target: attested, enc: 'RSA-OAEP-256' }),
  ),
  seed('PUT', '/policies/SgxEnclave?api-version=2020-10-01', unsignedJws(policyPayload(permissive)), ''),
];

/**
 * What anybody can send: answered with an error of the list, and with success only to who has the very token. Policies
 * are changed by the very JWS of the policy signer and by no other.
 */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [method = '', target = '', authorization = '', ...body] = Buffer.from(data).toString().split('\n');
  const path = `/${target.replace(/^\/+/, '')}`;
  if (!URL.canParse(path, site.tenant.configuration.issuer)) return;
  const faultsBefore = site.faults.length;
  const { status, headers } = await site.send(method, path, { body: body.join('\n'), headers: { authorization } });
  if (site.faults.length > faultsBefore) throw new Error('A fault.', { cause: site.faults.at(-1) });
  if (headers['x-ms-request-id'] === undefined || status < 200) throw new Error('No answer.');
  const isOpen = /^\/(certs|openapi\.json|\.well-known\/openid-configuration|tcbbaselines\/\w+)(\?|$)/.test(path);
  const isIn = authorization.toLowerCase().endsWith(bearer(token)['authorization']?.toLowerCase() ?? 'never');
  if (status === 200 && !isOpen && !(isIn && authorization.includes(token))) throw new Error('Let in.');
  const { document } = await site.tenant.state.read();
  if (Object.values(document.policies).some((one) => one !== policy)) throw new Error('A policy that nobody signed.');
}
