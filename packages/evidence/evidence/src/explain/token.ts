import type { TokenFinding } from '../recognise/finding.ts';
import { earAppraisals } from '../recognise/tokens/ear.ts';
import { isRecord } from '../recognise/text-forms.ts';
import { earNodes } from './ear.ts';
import { group, node, type ExplainNode } from './nodes.ts';

/** What claims mean (RFC 7519, RFC 9711; Azure Attestation; Intel Trust Authority; EAR). */
const meanings: Readonly<Record<string, string>> = {
  iss: 'who issued it',
  sub: 'about whom',
  aud: 'for whom',
  exp: 'until when',
  nbf: 'from when',
  iat: 'issued when',
  jti: 'which token',
  nonce: 'what the relying party gave',
  eat_nonce: 'what the relying party gave',
  eat_profile: 'which claims to expect',
  dbgstat: 'whether a debugger can read it',
  intuse: 'intended use',
  ueid: 'which device',
  submods: 'parts, each with its claims',
  cnf: 'the key that the holder must prove to have',
  jku: 'where the keys of the issuer are: only as good as the check of this address',
  kid: 'which key of the issuer',
  x5c: 'the certificate of the key',
  alg: 'how it is signed',
  'x-ms-ver': 'version of the claims of Azure Attestation',
  'x-ms-attestation-type': 'kind of the evidence: sgx, sevsnpvm, tdxvm, azurevm, tpm',
  'x-ms-policy-hash': 'hash of the policy by which the service appraised',
  'x-ms-policy-signer': 'who signed that policy',
  'x-ms-policy': 'the policy of the service, in its JWS: `enclos policy check` reads it',
  AttestationPolicy: 'the text of a policy in base64url: `enclos policy check` reads it',
  'x-ms-compliance-status': 'what Azure says about the virtual machine',
  'x-ms-runtime': 'data that the evidence vouches for',
  'x-ms-inittime': 'data given at launch',
  'x-ms-isolation-tee': 'claims about the hardware below the virtual machine',
  'x-ms-sgx-is-debuggable': 'whether the host can read its memory',
  'x-ms-sgx-mrenclave': 'the measurement: which code it is',
  'x-ms-sgx-mrsigner': 'the hash of the key that signed the enclave',
  'x-ms-sgx-product-id': 'which product of the signer',
  'x-ms-sgx-svn': 'its security version',
  'x-ms-sgx-ehd': 'data that the report data vouches for',
  'x-ms-sgx-report-data': 'what the enclave says',
  'x-ms-sgx-collateral': 'hashes of what the quote was verified with',
  'x-ms-sevsnpvm-launchmeasurement': 'the launch digest: what the guest began with',
  'x-ms-sevsnpvm-is-debuggable': 'whether the host can read its memory',
  'x-ms-sevsnpvm-hostdata': 'what the host gave at launch',
  'x-ms-sevsnpvm-reportdata': 'what the guest says',
  'x-ms-sevsnpvm-vmpl': 'the privilege level that asked for the report',
  'is-debuggable': 'whether the host can read its memory',
  'sgx-mrenclave': 'the measurement: which code it is',
  'sgx-mrsigner': 'the hash of the key that signed the enclave',
  attester_tcb_status: 'the TCB status that the service found',
  attester_tcb_date: 'the date of the TCB level',
  attester_advisory_ids: 'advisories that are open',
  attester_held_data: 'data that the report data vouches for',
  attester_runtime_data: 'data that the report data vouches for',
  verifier_nonce: 'what the service gave, and signed',
  policy_ids_matched: 'policies that accept it',
  policy_ids_unmatched: 'policies that do not accept it',
  tdx_mrtd: 'the measurement of what the TD began with',
  tdx_mrseam: 'the measurement of the TDX module',
  tdx_report_data: 'what the TD says',
  tdx_tee_tcb_svn: 'the TDX module and its loader at launch',
  tdx_td_attributes_debug: 'whether the host can read its memory',
  tdx_td_attributes_septve_disable: 'whether the host cannot cause exceptions by taking pages away',
  'ear.status': 'none, affirming, warning or contraindicated',
  'ear.verifier-id': 'who appraised',
  'ear.trustworthiness-vector': 'the judgement, aspect by aspect',
  'ear.appraisal-policy-id': 'by which policy',
};

const times: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat']);
const maximumDepth = 6;
const mostMembers = 128;
const longestValue = 256;

/** Header and claims of a token. */
export function tokenNodes({ header, claims }: TokenFinding): readonly ExplainNode[] {
  return [
    ...(earNodes(claims) ?? []),
    group(
      'header',
      memberNodes(header, 0),
      header['alg'] === 'none' ? 'not signed at all' : 'the signature is not checked here',
    ),
    group('claims', memberNodes(claims, 0), issuerNote(claims)),
  ];
}

function issuerNote(claims: Readonly<Record<string, unknown>>): string {
  if ('x-ms-ver' in claims || 'x-ms-attestation-type' in claims) return 'in the names of Azure Attestation';
  if (earAppraisals(claims) !== undefined) return 'an EAR: an attestation result';
  if ('attester_tcb_status' in claims || 'tdx' in claims) return 'in the names of Intel Trust Authority';
  return 'of no profile that is known here';
}

function memberNodes(value: Readonly<Record<string, unknown>>, depth: number): readonly ExplainNode[] {
  const entries = Object.entries(value);
  const nodes = entries.slice(0, mostMembers).map(([name, item]) => valueNode(name, item, depth));
  return entries.length > mostMembers ? [...nodes, node('…', `${entries.length - mostMembers} more`)] : nodes;
}

function valueNode(name: string, value: unknown, depth: number): ExplainNode {
  const note = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  if (isRecord(value) && depth < maximumDepth) return group(name, memberNodes(value, depth + 1), note);
  if (typeof value === 'number' && times.has(name)) return node(name, value, dateNote(value, note));
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return node(
    name,
    text.length > longestValue ? `${text.slice(0, longestValue)}… (${text.length} characters)` : text,
    note,
  );
}

function dateNote(seconds: number, note: string | undefined): string {
  const date = new Date(seconds * 1000);
  const time = Number.isNaN(date.getTime()) ? 'not a time' : `${date.toISOString().slice(0, 19)}Z`;
  return note === undefined ? time : `${note}: ${time}`;
}
