import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { configurationDigest } from '../src/configuration/configuration-digest.ts';
import { parseConfiguration } from '../src/configuration/parse-configuration.ts';
import { createTokenSigner } from '../src/tokens/token-signer.ts';
import { ecKey, makeCertificate, rsaKey } from './certificates.ts';
import { audience, isolated, issuer, managementIssuer, managementKeys, tenantFile } from './site.ts';
import { signerOptions } from './tokens/signing.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../schema/attestation.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const fitsSchema = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true }).compile(
  schema,
);
const root = makeCertificate({ key: ecKey(), name: 'root', ca: true });
const sha256 = 'ab'.repeat(32);

function file(tenant: object = tenantFile(), service: object = {}): Record<string, unknown> {
  return { tenants: [tenant], ...service };
}

function problems(value: unknown): readonly string[] {
  try {
    parseConfiguration(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    if (!isEnclosError(error, 'ATTESTATION_CONFIGURATION_INVALID')) throw error;
    const found = error.details['problems'];
    assert.ok(Array.isArray(found));
    for (const problem of found as readonly string[]) assert.ok(error.message.includes(problem));
    return found as readonly string[];
  }
  return [];
}

const management = (bearer: object): Record<string, unknown> => ({
  management: { bearer: { issuer: managementIssuer, audience: [audience], keys: managementKeys(), ...bearer } },
});

describe('attestation.json', () => {
  it('has defaults for all but issuer and trust model', () => {
    const { tenants, ...service } = parseConfiguration(JSON.stringify({ tenants: [{ issuer, trustModel: 'shared' }] }));
    assert.deepEqual(tenants, [
      {
        issuer,
        trustModel: 'shared',
        defaultPolicies: 'strict',
        policyCertificates: [],
        softwareRoots: [],
        baseline: {},
        management: {},
        attest: 'open',
        explainRefusals: false,
        tokens: { algorithm: 'RS256', validityMinutes: 480 },
      },
    ]);
    assert.deepEqual(service, {
      allowTestSettings: false,
      limits: {
        attestPerSecond: 200,
        attestPerClient: 50,
        discoveryPerSecond: 1000,
        callsPerClient: 200,
        maxBodyBytes: 1_048_576,
      },
      keys: { rotateMinutes: 1440, overlapMinutes: 60 },
    });
  });

  it('is read whole', () => {
    const tenant = {
      ...isolated,
      issuer,
      defaultPolicies: 'azure',
      softwareRoots: [root.pem],
      baseline: {
        evaluationDataNumber: 17,
        acceptedStatuses: ['OK', 'OUT_OF_DATE'],
        allowUncheckedRevocation: true,
        verificationTime: '2026-01-01T00:00:00Z',
      },
      management: {
        bearer: {
          issuer: managementIssuer,
          audience: [audience, 'other'],
          keys: managementKeys(),
          certificateAuthorities: [root.pem],
          requiredClaims: { roles: 'admin' },
        },
        clientCertificates: [sha256],
      },
      attest: 'authenticated',
      explainRefusals: true,
      tokens: { algorithm: 'ES384', validityMinutes: 5 },
    };
    const service = {
      allowTestSettings: true,
      limits: {
        attestPerSecond: 100,
        attestPerClient: 0,
        discoveryPerSecond: 7,
        callsPerClient: 8,
        maxBodyBytes: 1_000_000,
      },
      keys: { rotateMinutes: 30, overlapMinutes: 10 },
    };
    const text = JSON.stringify({ $schema: 'attestation.schema.json', ...file(tenant, service) });
    assert.deepEqual(JSON.parse(JSON.stringify(parseConfiguration(text))), { tenants: [tenant], ...service });
    assert.ok(fitsSchema(JSON.parse(text)), JSON.stringify(fitsSchema.errors));
  });

  it('has one form for certificates and fingerprints', () => {
    const crlf = root.pem.replaceAll('\n', '\r\n');
    const spelled = sha256.toUpperCase().replaceAll(/..(?!$)/g, '$&:');
    const tenant = { ...tenantFile(), softwareRoots: [crlf], management: { clientCertificates: [spelled] } };
    const [read] = parseConfiguration(JSON.stringify(file(tenant))).tenants;
    assert.deepEqual([read?.softwareRoots, read?.management.clientCertificates], [[root.pem], [sha256]]);
  });
});

const second = { ...tenantFile(), issuer: 'https://second.example' };
const weak = makeCertificate({ key: rsaKey(1024) });
const [firstKey] = managementKeys().keys;

/** A mistake, where it is reported, and whether the JSON Schema sees it too. */
const mistakes: readonly (readonly [string, unknown, string, ('schema' | 'parser')?])[] = [
  ['no tenants', {}, 'tenants:'],
  ['an empty list of tenants', { tenants: [] }, 'tenants:'],
  ['tenants that are no list', { tenants: {} }, 'tenants:'],
  ['a tenant that is no object', { tenants: [7] }, 'tenants[0]:'],
  ['an unknown member', file(undefined, { tenant: 1 }), 'tenant:'],
  ['an unknown member of a tenant', file(tenantFile({ Issuer: 1 })), 'tenants[0].Issuer:'],
  ['no issuer', file({ trustModel: 'shared' }), 'tenants[0].issuer:'],
  ['no trust model', file({ issuer }), 'tenants[0].trustModel:'],
  ['an unknown trust model', file(tenantFile({ trustModel: 'open' })), 'tenants[0].trustModel:'],
  ...[
    'http://attest.example',
    'https://attest.example/',
    'https://attest.example/a',
    'attest.example',
    'https://u@attest.example',
    '',
    7,
  ].map((one) => [`the issuer ${one}`, file(tenantFile({ issuer: one })), 'tenants[0].issuer:'] as const),
  ['the issuer with capitals', file(tenantFile({ issuer: 'https://Attest.example' })), 'tenants[0].issuer:', 'parser'],
  [
    'the issuer with the port of https',
    file(tenantFile({ issuer: 'https://attest.example:443' })),
    'tenants[0].issuer:',
    'parser',
  ],
  ['two tenants of one issuer', { tenants: [tenantFile(), tenantFile()] }, 'tenants[1].issuer:', 'parser'],
  ['isolated without certificates', file(tenantFile({ trustModel: 'isolated' })), 'tenants[0].policyCertificates:'],
  [
    'certificates of a tenant that is not isolated',
    file(tenantFile({ ...isolated, trustModel: 'aad' })),
    'tenants[0].policyCertificates:',
  ],
  [
    'a policy certificate that is none',
    file(tenantFile({ ...isolated, policyCertificates: ['x'] })),
    'tenants[0].policyCertificates[0]:',
  ],
  [
    'a weak policy certificate',
    file(tenantFile({ ...isolated, policyCertificates: [weak.pem] })),
    'tenants[0].policyCertificates[0]:',
    'parser',
  ],
  ['a certificate twice', file(tenantFile({ softwareRoots: [root.pem, root.pem] })), 'tenants[0].softwareRoots[1]:'],
  [
    'two certificates in one',
    file(tenantFile({ softwareRoots: [root.pem + root.pem] })),
    'tenants[0].softwareRoots[0]:',
    'parser',
  ],
  [
    'both baselines',
    file(tenantFile({ baseline: { update: 'early', evaluationDataNumber: 17 } })),
    'tenants[0].baseline.update:',
  ],
  [
    'an evaluation number that is none',
    file(tenantFile({ baseline: { evaluationDataNumber: 0 } })),
    'tenants[0].baseline.evaluationDataNumber:',
  ],
  [
    'a status that nothing may have',
    file(tenantFile({ baseline: { acceptedStatuses: ['REVOKED'] } })),
    'tenants[0].baseline.acceptedStatuses[0]:',
  ],
  ['no statuses', file(tenantFile({ baseline: { acceptedStatuses: [] } })), 'tenants[0].baseline.acceptedStatuses:'],
  [
    'a fixed time in production',
    file(tenantFile({ baseline: { verificationTime: '2026-01-01T00:00:00Z' } })),
    'tenants[0].baseline.verificationTime:',
    'parser',
  ],
  [
    'a time that is none',
    file(tenantFile({ baseline: { verificationTime: '2026' } }), { allowTestSettings: true }),
    'tenants[0].baseline.verificationTime:',
  ],
  [
    'attesting for nobody',
    file(tenantFile({ attest: 'authenticated', management: {} })),
    'tenants[0].attest:',
    'parser',
  ],
  [
    'a bearer issuer without TLS',
    file(tenantFile(management({ issuer: 'http://login.example' }))),
    'tenants[0].management.bearer.issuer:',
  ],
  [
    'a bearer issuer that is this tenant',
    file(tenantFile(management({ issuer }))),
    'tenants[0].management.bearer.issuer:',
    'parser',
  ],
  [
    'a bearer issuer that is a path of this tenant',
    file(tenantFile(management({ issuer: `${issuer}/x` }))),
    'tenants[0].management.bearer.issuer:',
    'parser',
  ],
  [
    'a bearer issuer that is another tenant',
    { tenants: [tenantFile(management({ issuer: second.issuer })), second] },
    'tenants[0].management.bearer.issuer:',
    'parser',
  ],
  ['no audience', file(tenantFile(management({ audience: [] }))), 'tenants[0].management.bearer.audience:'],
  [
    'an audience that would end a header',
    file(tenantFile(management({ audience: ['a"b'] }))),
    'tenants[0].management.bearer.audience[0]:',
  ],
  [
    'neither keys nor roots',
    file(tenantFile(management({ keys: undefined }))),
    'tenants[0].management.bearer.certificateAuthorities:',
  ],
  ['no keys', file(tenantFile(management({ keys: { keys: [] } }))), 'tenants[0].management.bearer.keys:'],
  [
    'a private key',
    file(tenantFile(management({ keys: { keys: [{ ...firstKey, d: 'AAAA' }] } }))),
    'tenants[0].management.bearer.keys:',
  ],
  [
    'a secret key',
    file(tenantFile(management({ keys: { keys: [{ kty: 'oct', kid: 'a', k: 'AAAA' }] } }))),
    'tenants[0].management.bearer.keys:',
  ],
  [
    'a key twice',
    file(tenantFile(management({ keys: { keys: [firstKey, firstKey] } }))),
    'tenants[0].management.bearer.keys:',
    'parser',
  ],
  [
    'claims that are no texts',
    file(tenantFile(management({ requiredClaims: { roles: ['admin'] } }))),
    'tenants[0].management.bearer.requiredClaims:',
  ],
  [
    'a fingerprint of another hash',
    file(tenantFile({ management: { clientCertificates: ['ab'.repeat(20)] } })),
    'tenants[0].management.clientCertificates[0]:',
  ],
  ['an unknown algorithm', file(tenantFile({ tokens: { algorithm: 'none' } })), 'tenants[0].tokens.algorithm:'],
  ['tokens for ever', file(tenantFile({ tokens: { validityMinutes: 1441 } })), 'tenants[0].tokens.validityMinutes:'],
  ['a flag that is a text', file(tenantFile({ explainRefusals: 'false' })), 'tenants[0].explainRefusals:'],
  ['test settings by a text', file(undefined, { allowTestSettings: 'yes' }), 'allowTestSettings:'],
  ['a limit below zero', file(undefined, { limits: { attestPerSecond: -1 } }), 'limits.attestPerSecond:'],
  ...(['attestPerClient', 'discoveryPerSecond', 'callsPerClient'] as const).map(
    (name) => [`${name} below zero`, file(undefined, { limits: { [name]: -1 } }), `limits.${name}:`] as const,
  ),
  ['half a request', file(undefined, { limits: { attestPerSecond: 0.5 } }), 'limits.attestPerSecond:'],
  ['bodies too small for a quote', file(undefined, { limits: { maxBodyBytes: 1000 } }), 'limits.maxBodyBytes:'],
  ['bodies larger than any request', file(undefined, { limits: { maxBodyBytes: 2_097_153 } }), 'limits.maxBodyBytes:'],
  [
    'an overlap as long as the key signs',
    file(undefined, { keys: { rotateMinutes: 30, overlapMinutes: 30 } }),
    'keys.overlapMinutes:',
    'parser',
  ],
  ['keys that would be too many at once', file(undefined, { keys: { rotateMinutes: 23 } }), 'keys.rotateMinutes:'],
  [
    'keys that change by the second in production',
    file(undefined, { keys: { testSeconds: { rotate: 4, overlap: 2 } } }),
    'keys.testSeconds:',
    'parser',
  ],
  [
    'a test of an overlap as long as the key signs',
    file(undefined, { allowTestSettings: true, keys: { testSeconds: { rotate: 4, overlap: 4 } } }),
    'keys.testSeconds.overlap:',
    'parser',
  ],
  [
    'a test without an overlap',
    file(undefined, { allowTestSettings: true, keys: { testSeconds: { rotate: 4 } } }),
    'keys.testSeconds.overlap:',
  ],
];

it('keys of a test change by the second; the least rotation of a service is one that its signer takes', async () => {
  const seconds = { allowTestSettings: true, keys: { testSeconds: { rotate: 6, overlap: 3 } } };
  const text = JSON.stringify(file(undefined, seconds));
  assert.ok(fitsSchema(JSON.parse(text)), JSON.stringify(fitsSchema.errors));
  assert.deepEqual(parseConfiguration(text).keys, { rotateMinutes: 0.1, overlapMinutes: 0.05, boundValidity: true });
  const { keys } = parseConfiguration(
    JSON.stringify(file(undefined, { keys: { rotateMinutes: 24, overlapMinutes: 23 } })),
  );
  await createTokenSigner(signerOptions({ ms: 0 }, { keys }));
});

describe('mistakes in attestation.json', () => {
  for (const [name, value, place, seenBy = 'schema'] of mistakes) {
    it(`${name}: is reported at its place`, () => {
      const found = problems(value);
      assert.equal(found.length, 1, found.join('\n'));
      assert.ok(found[0]?.startsWith(`${place} `), found.join('\n'));
      assert.equal(fitsSchema(JSON.parse(JSON.stringify(value))), seenBy === 'parser');
    });
  }

  it('are reported all at once', () => {
    const value = file(tenantFile({ trustModel: 'isolated', tokens: { algorithm: 'HS256' }, more: 1 }), {
      keys: { more: 1 },
    });
    const places = problems(value).map((problem) => problem.split(':', 1).join(''));
    assert.deepEqual(places.sort(), [
      'keys.more',
      'tenants[0].more',
      'tenants[0].policyCertificates',
      'tenants[0].tokens.algorithm',
    ]);
  });

  it('are no crash, whatever the text is', () => {
    for (const text of ['', '[]', 'null', '{', '{"tenants":[],"tenants":[]}', ' '.repeat(2_000_000)]) {
      assert.notDeepEqual(problems(text), []);
    }
    fc.assert(
      fc.property(
        fc.anything(),
        fc.constantFrom('issuer', 'management', 'baseline', 'tokens', 'softwareRoots'),
        (value, name) => {
          problems(
            JSON.stringify({ tenants: [{ issuer, trustModel: 'aad', [name]: value ?? null }] }, (_, one: unknown) =>
              typeof one === 'bigint' ? 1 : one,
            ),
          );
        },
      ),
    );
  });
});

describe('the digest of a configuration', () => {
  const digest = (tenant: object, service: object = {}): string => {
    const configuration = parseConfiguration(JSON.stringify(file(tenant, service)));
    const [one] = configuration.tenants;
    assert.ok(one !== undefined);
    return configurationDigest(one, configuration);
  };

  it('is one for all files that mean the same', () => {
    const spelled = { tokens: { validityMinutes: 480 }, attest: 'open', baseline: {}, trustModel: 'shared', issuer };
    assert.equal(digest(spelled), digest({ issuer, trustModel: 'shared' }));
    assert.equal(digest({ issuer, trustModel: 'shared' }, { limits: { attestPerSecond: 7 } }), digest(spelled));
  });

  it('changes with each setting of the tenant, and with test settings', () => {
    const base = { issuer, trustModel: 'aad' };
    const digests = [
      digest(base),
      digest(base, { allowTestSettings: true }),
      digest({ ...base, issuer: 'https://other.example' }),
      digest({ ...base, trustModel: 'shared' }),
      digest({ ...base, defaultPolicies: 'azure' }),
      digest({ ...base, softwareRoots: [root.pem] }),
      digest({ ...base, baseline: { update: 'early' } }),
      digest({ ...base, baseline: { update: 'standard' } }),
      digest({ ...base, baseline: { acceptedStatuses: ['OK'] } }),
      digest({ ...base, management: { clientCertificates: [sha256] } }),
      digest({ ...base, ...management({}) }),
      digest({ ...base, ...management({ requiredClaims: { roles: 'a' } }) }),
      digest({ ...base, explainRefusals: true }),
      digest({ ...base, tokens: { algorithm: 'ES256' } }),
      digest({ ...base, tokens: { validityMinutes: 5 } }),
    ];
    assert.equal(new Set(digests).size, digests.length);
    for (const one of digests) assert.match(one, /^[\w-]{43}$/);
  });
});
