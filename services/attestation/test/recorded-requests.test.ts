import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { vectors } from '@enclos/testkit';
import { makeCertificate, rsaKey } from './certificates.ts';
import { managerJws, permissive, policyPayload } from './jws.ts';
import { bearer, createSite, isolated, policySigner, tenantFile } from './site.ts';

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const text = (path: string): string => Buffer.from(vectors.read(path)).toString().trim();
const added = makeCertificate({ key: rsaKey(), name: 'added' });
const certificateJws = JSON.stringify(
  managerJws({ policyCertificate: { kty: 'RSA', x5c: [added.base64] } }, policySigner),
);

/** Bodies over 400 characters were cut when they were recorded. Evidence is in the vectors; of signed ones the key is not. */
function wholeBody({ url, body }: Recorded): string {
  const [, kept = '', length = ''] = /^(.*)…\((\d+) chars\)$/su.exec(body) ?? [];
  if (kept === '') return body;
  if (url.startsWith('/policies/')) return managerJws(policyPayload(permissive), policySigner);
  if (url.startsWith('/certificates:')) return certificateJws;
  const whole = evidenceBodies().find((one) => one.startsWith(kept) && one.length === Number(length));
  assert.ok(whole !== undefined, `the body of ${url} with ${length} characters`);
  return whole;
}

function evidenceBodies(): readonly string[] {
  const report = text('maa/azure-sdk/openEnclaveReport.b64url.txt');
  const data = text('maa/azure-sdk/runtimeData.b64url.txt');
  // Behind the 16 bytes that Open Enclave puts before a quote.
  const quote = Buffer.from(report, 'base64url').subarray(16).toString('base64url');
  const bound = ['Binary', 'JSON'].map((dataType) => ({ runtimeData: { data, dataType } }));
  const more = [{}, ...bound, { draftPolicyForAttestation: permissive }];
  return [{ report }, { quote }].flatMap((evidence) => more.map((one) => JSON.stringify({ ...evidence, ...one })));
}

describe("what Azure's client was recorded to send", () => {
  vectors.test('is answered, request by request', async () => {
    const requests = JSON.parse(text('maa/sdk-mock/wire.json')) as readonly Recorded[];
    assert.equal(requests.length, 16);
    for (const model of [{}, isolated]) {
      const site = createSite({ file: tenantFile(model) });
      for (const recorded of requests) {
        const { method, url, headers } = recorded;
        const body = wholeBody(recorded);
        const unsigned = body.startsWith('eyJhbGciOiJub25lIn0');
        const isManagement = /^\/(policies|certificates)/.test(url);
        if (isManagement) assert.equal((await site.send(method, url, { body, headers })).status, 401);
        const allowed = 'authorization' in headers ? { ...headers, ...bearer() } : headers;
        const answer = await site.send(method, url, { body, headers: allowed });
        const isIsolated = model === isolated;
        const refused = url.startsWith('/certificates:') ? !isIsolated : unsigned && isIsolated;
        const expected = url.startsWith('/attest/Tpm') ? 501 : refused ? 400 : 200;
        assert.equal(answer.status, expected, `${method} ${url}: ${answer.text}`);
        assert.equal(answer.headers['x-ms-client-request-id'], headers['x-ms-client-request-id']);
      }
    }
  });
});
