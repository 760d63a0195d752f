import { serviceErrorNames, unavailableName } from '@enclos/service/routes';

/**
 * The one place where codes of errors become what callers see: the status of HTTP, and the code of the error body of Azure
 * Attestation, `{"error":{"code","message"}}`.
 */
export const errorNames = Object.freeze({
  ...serviceErrorNames,
  ATTESTATION_EVIDENCE_REFUSED: serviceErrorNames.SERVICE_REQUEST_INVALID,
  ATTESTATION_ENDORSEMENTS_UNAVAILABLE: unavailableName,
  ATTESTATION_POLICY_INVALID: { status: 400, name: 'PolicyParsingError' },
  ATTESTATION_POLICY_REFUSED: { status: 400, name: 'PolicyEvaluationError' },
  ATTESTATION_API_VERSION_ABSENT: { status: 400, name: 'ApiVersionUnspecified' },
  ATTESTATION_API_VERSION_UNKNOWN: { status: 400, name: 'UnsupportedApiVersion' },
} as const);
