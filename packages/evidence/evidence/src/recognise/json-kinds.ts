import { isRecord } from './text-forms.ts';

/** JSON that is not evidence, and that people give in its place. */
export type JsonKind = 'collateral' | 'policy' | 'tpm-quote';

const members: readonly (readonly [member: string, kind: JsonKind])[] = [
  ['tcb_info', 'collateral'],
  ['qe_identity', 'collateral'],
  ['root_ca_crl', 'collateral'],
  ['certificate_chain', 'collateral'],
  ['vcekCert', 'collateral'],
  ['acceptedStatuses', 'policy'],
  ['minimumSecurityVersion', 'policy'],
  ['measurements', 'policy'],
  ['mrEnclave', 'policy'],
  ['mrSigner', 'policy'],
  ['mrTd', 'policy'],
  ['pcrs', 'policy'],
];

/** Recognises a JSON document by the members that only its kind has. */
export function jsonKindOf(value: unknown): JsonKind | undefined {
  if (!isRecord(value)) return undefined;
  if ('message' in value && 'signature' in value && 'pcrs' in value) return 'tpm-quote';
  return members.find(([member]) => Object.hasOwn(value, member))?.[1];
}
