import type { Answer, AuditFacts } from '../../../../../services/attestation/src/routes/call.ts';
import type { ServiceError } from '../routes/error-answer.ts';

/** One line of the audit log. It never holds evidence, tokens, runtime data, secrets or texts of policies. */
export interface AuditLine extends AuditFacts {
  readonly time: string;
  /** The issuer. */
  readonly tenant: string;
  readonly call: string;
  readonly type?: string;
  readonly requestId: string;
  /** See `Principal`; `anonymous` when nobody asked who. */
  readonly who: string;
  readonly outcome: 'ok' | 'refused' | 'failed';
  readonly error?: string;
  /** What refused: a rule of this service or of the policy. */
  readonly rule?: string;
  readonly reason?: string;
}

const maximumText = 256;

/** What a line says of an answer. */
export function auditOutcome(answer: Answer | ServiceError): Partial<AuditLine> & Pick<AuditLine, 'outcome'> {
  if (!('status' in answer)) return { outcome: 'ok', ...answer.facts };
  const { status, code, details = {} } = answer;
  return {
    outcome: status >= 500 && code !== 'NotImplemented' ? 'failed' : 'refused',
    error: code,
    ...shortText('who', details['who']),
    ...shortText('rule', details['rule']),
    ...shortText('reason', details['reason']),
    ...shortText('policyHash', details['policyHash']),
    ...shortText('secret', details['secret']),
    ...shortText('measurement', details['measurement']),
  };
}

type ShortText = 'measurement' | 'policyHash' | 'reason' | 'rule' | 'secret' | 'who';

/** Details are for programs and of any shape: the log takes short texts. */
function shortText(name: ShortText, value: unknown): Partial<AuditLine> {
  return typeof value === 'string' && value.length <= maximumText ? { [name]: value } : {};
}
