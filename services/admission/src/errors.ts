import { declareErrors } from '@enclos/errors';

export const admissionErrors = declareErrors({
  ADMISSION_REVIEW_UNREADABLE: [
    'refused',
    'The body is not an AdmissionReview with a uid that could be answered.',
    'Send what the API server sends to a webhook: JSON of kind AdmissionReview, version admission.k8s.io/v1.',
  ],
  ADMISSION_BODY_TOO_LARGE: [
    'refused',
    'The body is larger than the webhook reads.',
    'Make the pod smaller. etcd does not store objects above 1.5 MiB.',
  ],
  ADMISSION_BUSY: [
    'transient',
    'The webhook has reached its limit for the bytes of unfinished requests.',
    'Find out what sends so much to the webhook, and let its NetworkPolicy admit only the API server.',
  ],
  ADMISSION_POD_UNREADABLE: [
    'refused',
    'The pod does not have the shape of a pod, so it was left unchanged.',
    'Compare the field that the message names with the Pod of the core/v1 API.',
  ],
  ADMISSION_WISH_REFUSED: [
    'usage',
    'What the annotations ask for cannot be added, so the pod was left unchanged.',
    'Correct the annotation that the message names, and create the pod again.',
  ],
  ADMISSION_CERTIFICATE_REFUSED: [
    'usage',
    'The webhook cannot serve with this certificate and key.',
    'Give a PEM certificate chain and the private key of its first certificate; `enclos-admission certificates` makes both.',
  ],
  ADMISSION_AUTHORITY_REFUSED: [
    'usage',
    'The folder of the certificate authority is damaged or belongs to something else.',
    'Restore the folder, or name an empty one and apply the manifests that are made from it.',
  ],
  ADMISSION_USAGE: ['usage', 'The command line is not valid for enclos-admission.', 'Run `enclos-admission help`.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof admissionErrors, true> {}
}
