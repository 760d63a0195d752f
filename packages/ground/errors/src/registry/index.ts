import { admissionErrors } from './admission.ts';
import { atlsCertificateErrors } from './atls-certificate.ts';
import { agentErrors } from './agent.ts';
import { atlsErrors } from './atls.ts';
import { attestationServiceErrors } from './attestation-service.ts';
import { attestationClientErrors } from './attestation-client.ts';
import { attestationReleaseErrors } from './attestation-release.ts';
import { attestationErrors } from './attestation.ts';
import { attestationTokenErrors } from './attestation-tokens.ts';
import { attestationStateErrors } from './attestation-state.ts';
import { buildErrors } from './build.ts';
import { claimRuleErrors } from './claim-rules.ts';
import { cliErrors } from './cli.ts';
import { codecErrors } from './codec.ts';
import { edlErrors } from './edl.ts';
import { enclaveErrors } from './enclave.ts';
import { endorsementErrors } from './endorsements.ts';
import { gateErrors } from './gate.ts';
import { hostErrors } from './host.ts';
import { httpErrors } from './http.ts';
import { kubernetesErrors } from './kubernetes.ts';
import { manifestErrors } from './manifest.ts';
import { ociErrors } from './oci.ts';
import { platformErrors } from './platform.ts';
import { serviceErrors } from './service.ts';
import { sgxErrors } from './sgx.ts';
import { streamErrors } from './stream.ts';
import { teeErrors } from './tee.ts';

/** Every error code of Enclos. The union is closed: a code that is not here does not compile. */
export const errorRegistry = {
  ...codecErrors,
  ...sgxErrors,
  ...edlErrors,
  ...gateErrors,
  ...manifestErrors,
  ...attestationErrors,
  ...serviceErrors,
  ...attestationServiceErrors,
  ...claimRuleErrors,
  ...attestationClientErrors,
  ...attestationReleaseErrors,
  ...endorsementErrors,
  ...teeErrors,
  ...platformErrors,
  ...enclaveErrors,
  ...hostErrors,
  ...streamErrors,
  ...httpErrors,
  ...atlsErrors,
  ...atlsCertificateErrors,
  ...buildErrors,
  ...kubernetesErrors,
  ...ociErrors,
  ...cliErrors,
  ...admissionErrors,
  ...agentErrors,
  ...attestationTokenErrors,
  ...attestationStateErrors,
} as const;

export type ErrorCode = keyof typeof errorRegistry;
