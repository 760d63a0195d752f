import type { EnclaveIdentityJson } from '../collateral/enclave-identity.ts';
import { components, tcbInfoVersion2, type TcbInfoJson } from '../collateral/tcb-info.ts';
import type { ScenarioChanges } from '../scenario/changes.ts';
import type { EvidenceKind } from '../scenario/kinds.ts';
import { omit } from '../omit.ts';
import type { RefusalStatus } from '../scenario/statuses.ts';
import { refusal, strictRefusal, type RefusalScenario } from './refusal-scenario.ts';

/** Inside the signed document: deeper than 32, where QVL stops since 2026-06-15. */
const nested = JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown;

const set =
  (changes: Readonly<Record<string, unknown>>) =>
  (good: object): unknown => ({ ...good, ...changes });

/** Every level with these changes, as JSON has them: types do not hold here. */
const levels =
  (changes: Readonly<Record<string, unknown>>) =>
  (good: { readonly tcbLevels: readonly object[] }): unknown => ({
    ...good,
    tcbLevels: good.tcbLevels.map((level) => ({ ...level, ...changes })),
  });

const tcbInfoMembers = [
  'version',
  'issueDate',
  'nextUpdate',
  'fmspc',
  'pceId',
  'tcbType',
  'tcbEvaluationDataNumber',
  'tcbLevels',
  'id',
] as const;

const identityMembers = [
  'id',
  'version',
  'issueDate',
  'nextUpdate',
  'tcbEvaluationDataNumber',
  'miscselect',
  'miscselectMask',
  'attributes',
  'attributesMask',
  'mrsigner',
  'isvprodid',
  'tcbLevels',
] as const;

const badTcbInfos: readonly (readonly [what: string, change: (good: TcbInfoJson) => unknown])[] = [
  ['of version 1', set({ version: 1 })],
  ['of version 4', set({ version: 4 })],
  ['of another TEE', set({ id: 'SEV' })],
  ['of another type', set({ tcbType: 1 })],
  ['of SGX with a TDX module', set({ tdxModule: {} })],
  ['with a short FMSPC', set({ fmspc: '00A0B0C0D0' })],
  ['with an FMSPC that is not hex', set({ fmspc: '00A0B0C0D0EX' })],
  ['with a date of another form', set({ issueDate: '2026-01-01' })],
  ['with a day that does not exist', set({ nextUpdate: '2026-02-30T00:00:00Z' })],
  ['with a negative number', set({ tcbEvaluationDataNumber: -1 })],
  ['with a fraction', set({ tcbEvaluationDataNumber: 1.5 })],
  ['with no levels', set({ tcbLevels: [] })],
  ['with two equal levels', (good) => ({ ...good, tcbLevels: [...good.tcbLevels, ...good.tcbLevels] })],
  ['with an unknown status', levels({ tcbStatus: 'Fine' })],
  ['with a status named like a method', levels({ tcbStatus: 'toString' })],
  ['with 15 components', levels({ tcb: { sgxtcbcomponents: components(1).slice(1), pcesvn: 1 } })],
  ['with a component over 255', levels({ tcb: { sgxtcbcomponents: components(256), pcesvn: 1 } })],
  ['with a component below 0', levels({ tcb: { sgxtcbcomponents: components(-1), pcesvn: 1 } })],
  ['with a PCESVN below 0', levels({ tcb: { sgxtcbcomponents: components(1), pcesvn: -1 } })],
  ['with an advisory that is not text', levels({ advisoryIDs: [7] })],
];

const badIdentities: readonly (readonly [what: string, change: (good: EnclaveIdentityJson) => unknown])[] = [
  ['of an unknown enclave', set({ id: 'XE' })],
  ['with a short mask', set({ attributesMask: 'FF' })],
  ['with a signer that is not hex', set({ mrsigner: 'XX'.repeat(32) })],
  ['with no levels', set({ tcbLevels: [] })],
  ['with two equal levels', (good) => ({ ...good, tcbLevels: [...good.tcbLevels, ...good.tcbLevels] })],
  ['with an unknown status', levels({ tcbStatus: 'Fine' })],
  ['with an ISVSVN over 65535', levels({ tcb: { isvsvn: 65_536 } })],
];

const malformed: readonly RefusalScenario[] = [
  ...tcbInfoMembers.map((member) =>
    refusal('tcb-info', `TCB info without ${member}`, 'SGX_TCB_INFO_UNSUPPORTED_FORMAT', {
      tcbInfo: (good) => omit(good, member),
    }),
  ),
  ...badTcbInfos.map(([what, tcbInfo]) => refusal('tcb-info', `TCB info ${what}`, 'SGX_TCB_INFO_INVALID', { tcbInfo })),
  strictRefusal('tcb-info', 'TCB info that is nested deeply', 'SGX_TCB_INFO_INVALID', {
    tcbInfo: set({ later: nested }),
  }),
  strictRefusal('tcb-info', 'TCB info with one name twice', 'SGX_TCB_INFO_INVALID', {
    tcbInfoText: (good) => good.replace('{', '{"version":3,'),
  }),
  refusal('tcb-info', 'TCB info that is not JSON', 'SGX_TCB_INFO_INVALID', { tcbInfoText: () => '{"id":"SGX"' }),
  ...identityMembers.map((member) =>
    refusal('qe-identity', `an identity without ${member}`, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT', {
      qeIdentity: (good) => omit(good, member),
    }),
  ),
  ...[1, 3].map((version) =>
    refusal('qe-identity', `an identity of version ${version}`, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION', {
      qeIdentity: set({ version }),
    }),
  ),
  ...badIdentities.map(([what, qeIdentity]) =>
    refusal('qe-identity', `an identity ${what}`, 'SGX_ENCLAVE_IDENTITY_INVALID', { qeIdentity }),
  ),
  strictRefusal('qe-identity', 'a status that only platforms have', 'SGX_ENCLAVE_IDENTITY_INVALID', {
    qeIdentity: levels({ tcbStatus: 'ConfigurationNeeded' }),
  }),
  strictRefusal('qe-identity', 'an identity with one name twice', 'SGX_ENCLAVE_IDENTITY_INVALID', {
    qeIdentityText: (good) => good.replace('{', '{"version":2,'),
  }),
  refusal('qe-identity', 'an identity that is not JSON', 'SGX_ENCLAVE_IDENTITY_INVALID', {
    qeIdentityText: () => '{"id":"QE"',
  }),
];

/** A document that is not the one that was signed. */
function forged(
  group: 'tcb-info' | 'qe-identity',
  [text, signature]: readonly ['tcb_info', 'tcb_info_signature'] | readonly ['qe_identity', 'qe_identity_signature'],
  status: RefusalStatus,
): readonly RefusalScenario[] {
  const role = group === 'tcb-info' ? 'tcbSigner' : 'identitySigner';
  return [
    refusal(group, 'a signature by another key', status, { certificates: { [role]: { key: 'other' } } }),
    refusal(group, 'a changed status', status, {
      collateral: (good) => ({ ...good, [text]: good[text].replace('"OutOfDate"', '"UpToDate"') }),
    }),
    refusal(group, 'a space after the text', status, { collateral: (good) => ({ ...good, [text]: `${good[text]} ` }) }),
    refusal(group, 'the same JSON, pretty-printed', status, {
      collateral: (good) => ({ ...good, [text]: JSON.stringify(JSON.parse(good[text]), null, 2) }),
    }),
    refusal(group, 'the signature of the other document', status, {
      collateral: (good) => ({
        ...good,
        [signature]: group === 'tcb-info' ? good.qe_identity_signature : good.tcb_info_signature,
      }),
    }),
    refusal(group, 'a signature of zeros', status, {
      collateral: (good) => ({ ...good, [signature]: '00'.repeat(64) }),
    }),
  ];
}

const mismatched: readonly RefusalScenario[] = [
  ...(['sgx-v3', 'sgx-v4', 'sgx-v5', 'tdx-v4', 'tdx-v5-td10', 'tdx-v5-td15', 'tdx-v5-td15ex'] as const).flatMap(
    (kind): readonly RefusalScenario[] => [
      mismatch(kind, 'another FMSPC', { tcbInfo: set({ fmspc: '00A0B0C0D0E1' }) }),
      mismatch(kind, 'another PCEID', { tcbInfo: set({ pceId: '0002' }) }),
      mismatch(kind, 'the other TEE', { tcbInfo: otherTee }),
    ],
  ),
  ...(['tdx-v4', 'tdx-v5-td15'] as const).map((kind) =>
    mismatch(kind, 'version 2, which knows SGX only', { tcbInfo: tcbInfoVersion2 }),
  ),
];

function mismatch(kind: EvidenceKind, what: string, changes: ScenarioChanges): RefusalScenario {
  return refusal('quote', `${kind} with TCB info of ${what}`, 'TCB_INFO_MISMATCH', { ...changes, kind });
}

/** Well-formed TCB info of the other TEE for the same platform. */
function otherTee(good: TcbInfoJson): unknown {
  if (good.id === 'SGX') {
    const tdxtcbcomponents = components(0);
    return {
      ...good,
      id: 'TDX',
      tdxModule: { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) },
      tcbLevels: good.tcbLevels.map(({ tcb, ...level }) => ({ tcb: { ...tcb, tdxtcbcomponents }, ...level })),
    };
  }
  return {
    ...omit(good, 'tdxModule', 'tdxModuleIdentities'),
    id: 'SGX',
    tcbLevels: good.tcbLevels.map(({ tcb, ...level }) => ({ tcb: omit(tcb, 'tdxtcbcomponents'), ...level })),
  };
}

export const documentRefusals: readonly RefusalScenario[] = Object.freeze([
  ...malformed,
  ...forged('tcb-info', ['tcb_info', 'tcb_info_signature'], 'TCB_INFO_INVALID_SIGNATURE'),
  ...forged('qe-identity', ['qe_identity', 'qe_identity_signature'], 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE'),
  ...mismatched,
]);
