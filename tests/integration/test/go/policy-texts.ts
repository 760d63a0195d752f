/**
 * Policies for one quote of an SGX enclave, each with a name: good ones, ones that break one rule, and ones that are malformed.
 */
export function policyTexts(
  quote: Uint8Array,
  fingerprint: string,
): readonly (readonly [name: string, text: string])[] {
  const hex = (from: number, size: number): string =>
    Buffer.from(quote.subarray(48 + from, 48 + from + size)).toString('hex');
  const productId = Buffer.from(quote).readUInt16LE(48 + 256);
  const good = {
    mrEnclave: [hex(64, 32)],
    minimumSecurityVersion: 0,
    acceptedStatuses: ['OK', 'OUT_OF_DATE'],
    intelRoot: false,
    softwareRoots: [fingerprint],
    acceptedAdvisoryIds: ['INTEL-SA-00001', 'INTEL-SA-00615', { id: 'INTEL-SA-00002', until: '2030-01-01T00:00:00Z' }],
  };
  const loose = { ...good, allowNotYetValid: true, expiredCollateralGraceMs: 1e15 };
  const changed: Readonly<Record<string, object>> = {
    good,
    loose,
    'debug allowed': { ...loose, allowDebug: true },
    'another binding': { ...loose, allowDebug: true },
    'another enclave': { ...loose, mrEnclave: ['00'.repeat(32)] },
    'upper case': { ...loose, mrEnclave: [hex(64, 32).toUpperCase()] },
    'by signer': { ...loose, mrSigner: [hex(128, 32)], productId },
    'another product': { ...loose, mrSigner: [hex(128, 32)], productId: productId + 1 },
    'signer without product': { ...loose, mrSigner: [hex(128, 32)] },
    'later version': { ...loose, minimumSecurityVersion: 65_535 },
    'only up to date': { ...loose, acceptedStatuses: ['OK'] },
    'refused advisory': { ...loose, refusedAdvisoryIds: ['INTEL-SA-00615'] },
    'no advisory': { ...loose, acceptedAdvisoryIds: [] },
    'high number': { ...loose, minimumTcbEvaluationDataNumber: 4_000_000_000 },
    'future floor': { ...loose, timeFloor: '2040-01-01T00:00:00Z' },
    'floor with milliseconds': { ...loose, timeFloor: '2020-01-01T00:00:00.500Z' },
    'young documents': { ...loose, maximumCollateralAgeMs: { tcbInfo: 1, default: 1e15 } },
    'grace for one': { ...good, expiredCollateralGraceMs: { pckCrl: 1e15 } },
    'key separation': { ...loose, familyId: ['00'.repeat(16)] },
    'configuration version': { ...loose, minimumConfigSecurityVersion: 0 },
    intel: { ...loose, softwareRoots: undefined, intelRoot: true },
    'another root': { ...loose, softwareRoots: ['11'.repeat(32)] },
    'no root': { ...loose, softwareRoots: undefined },
    'empty list': { ...loose, mrEnclave: [] },
    'short hex': { ...loose, mrEnclave: ['00'] },
    'unknown rule': { ...loose, mrenclave: ['00'.repeat(32)] },
    'null rule': { ...loose, allowDebug: null },
    'wrong type': { ...loose, allowDebug: 'yes' },
    fraction: { ...loose, minimumSecurityVersion: 0.5 },
    'bad status': { ...loose, acceptedStatuses: ['REVOKED'] },
    'bad time': { ...loose, timeFloor: 'yesterday' },
    'bad advisory': { ...loose, acceptedAdvisoryIds: [{ id: 'INTEL-SA-00001' }] },
    'bad part': { ...loose, maximumCollateralAgeMs: { pckCertificate: 1 } },
    'unknown TEE': { ...loose, tee: 'sev' },
    'SGX by name': { ...loose, tee: 'sgx', $schema: 'policy.schema.json' },
    'of a domain': { ...loose, mrTd: ['00'.repeat(48)] },
  };
  const missing = Object.keys(good).map((name) => [`without ${name}`, { ...loose, [name]: undefined }] as const);
  return [
    ...[...Object.entries(changed), ...missing].map(([name, policy]) => [name, JSON.stringify(policy)] as const),
    ['not JSON', '{'],
    ['text after it', '{} {}'],
    ['a list', '[]'],
    ['a name twice', '{"intelRoot":true,"intelRoot":false}'],
  ];
}
