import { EnclosError } from '@enclos/errors';
import type { QuoteStatus } from '@enclos/attestation';
import type { BaselineConfiguration } from '../configuration/configuration.ts';
import { acceptableStatuses } from '../configuration/tcb-statuses.ts';
import type { EndorsementRequest } from './endorsement-request.ts';
import { refuseEvidence } from './refuse.ts';

/** What a tenant demands of a TCB, read and checked. */
export interface Baseline {
  readonly update?: 'early' | 'standard';
  /** The only number when the policy names none, and the least that a policy may name. */
  readonly evaluationDataNumber?: number;
  readonly acceptedStatuses: ReadonlySet<QuoteStatus>;
  readonly allowUncheckedRevocation: boolean;
  /** Tests only. */
  readonly verificationTime?: Date;
}

const defaultStatuses: readonly QuoteStatus[] = ['OK', 'SW_HARDENING_NEEDED'];

/** @throws ATTESTATION_TENANT_UNUSABLE */
export function readBaseline(configuration: BaselineConfiguration, allowTestSettings: boolean): Baseline {
  const { update, evaluationDataNumber, acceptedStatuses = defaultStatuses, verificationTime } = configuration;
  const unknown = acceptedStatuses.find((status) => !acceptableStatuses.has(status));
  if (unknown !== undefined) {
    throw unusable(`acceptedStatuses names ${JSON.stringify(unknown)}, which cannot be accepted.`);
  }
  if (update !== undefined && evaluationDataNumber !== undefined) {
    throw unusable('update and evaluationDataNumber exclude each other.');
  }
  if (evaluationDataNumber !== undefined && !isEvaluationNumber(evaluationDataNumber)) {
    throw unusable('evaluationDataNumber is not a whole number above zero.');
  }
  return Object.freeze({
    ...(update === undefined ? {} : { update }),
    ...(evaluationDataNumber === undefined ? {} : { evaluationDataNumber }),
    // Each was found to be one.
    acceptedStatuses: new Set(acceptedStatuses as readonly QuoteStatus[]),
    allowUncheckedRevocation: configuration.allowUncheckedRevocation === true,
    ...(verificationTime === undefined ? {} : { verificationTime: fixedTime(verificationTime, allowTestSettings) }),
  });
}

function fixedTime(text: string, allowTestSettings: boolean): Date {
  if (!allowTestSettings) throw unusable('verificationTime is for tests: the service does not allow test settings.');
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw unusable('verificationTime is not an ISO 8601 date.');
  return time;
}

export type BaselineRequest = Pick<EndorsementRequest, 'update' | 'evaluationNumber'>;

const mostEvaluationNumber = 4_294_967_295;

/**
 * Which baseline evidence is held against: that of the tenant for `azuredefault` and for a policy that names none; the
 * number that a policy names, which can be a later one than the tenant's and never an earlier one.
 *
 * @param identifier `x-ms-sgx-tcbidentifier` of the policy.
 * @throws ATTESTATION_EVIDENCE_REFUSED
 */
export function baselineFor(
  { update, evaluationDataNumber }: Baseline,
  identifier: string | number | boolean | undefined,
): BaselineRequest {
  if (identifier === undefined || identifier === 'azuredefault') {
    if (evaluationDataNumber !== undefined) return { evaluationNumber: evaluationDataNumber };
    return update === undefined ? {} : { update };
  }
  const number = typeof identifier === 'string' && /^[1-9]\d{0,9}$/.test(identifier) ? Number(identifier) : identifier;
  if (!isEvaluationNumber(number)) {
    refuseEvidence('The policy names a TCB baseline that is neither azuredefault nor a number.', {
      rule: 'tcb-baseline',
    });
  }
  if (evaluationDataNumber !== undefined && number < evaluationDataNumber) {
    const message = `The policy names the TCB baseline ${number}, and the tenant takes none before ${evaluationDataNumber}.`;
    refuseEvidence(message, { rule: 'tcb-baseline' });
  }
  return { evaluationNumber: number };
}

function isEvaluationNumber(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostEvaluationNumber;
}

function unusable(message: string): Error {
  return new EnclosError('ATTESTATION_TENANT_UNUSABLE', message);
}
