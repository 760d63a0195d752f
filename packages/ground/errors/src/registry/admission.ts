import type { ErrorArea } from './kinds.ts';

export const admissionErrors = {
  ADMISSION_REVIEW_UNREADABLE: {
    kind: 'refused',
    summary: 'The body is not an AdmissionReview with a uid that could be answered.',
    next: 'Send what the API server sends to a webhook: JSON of kind AdmissionReview, version admission.k8s.io/v1.',
  },
  ADMISSION_BODY_TOO_LARGE: {
    kind: 'refused',
    summary: 'The body is larger than the webhook reads.',
    next: 'Make the pod smaller. etcd itself keeps no object above 1.5 MiB.',
  },
  ADMISSION_BUSY: {
    kind: 'transient',
    summary: 'The webhook holds as many bytes of unfinished requests as it may.',
    next: 'Look who sends so much to the webhook, and let its NetworkPolicy admit the API server only.',
  },
  ADMISSION_POD_UNREADABLE: {
    kind: 'refused',
    summary: 'The pod has not the shape of a pod, so it was left as it is.',
    next: 'Compare the field that the message names with the Pod of the core/v1 API.',
  },
  ADMISSION_WISH_REFUSED: {
    kind: 'usage',
    summary: 'What the annotations ask for cannot be added, so the pod was left as it is.',
    next: 'Correct the annotation that the message names, and create the pod again.',
  },
  ADMISSION_CERTIFICATE_REFUSED: {
    kind: 'usage',
    summary: 'The webhook cannot serve with this certificate and key.',
    next: 'Give a PEM certificate chain and the private key of its first certificate; `enclos-admission certificates` makes both.',
  },
  ADMISSION_AUTHORITY_REFUSED: {
    kind: 'usage',
    summary: 'The folder of the certificate authority is damaged or belongs to something else.',
    next: 'Restore the folder, or name an empty one and apply the manifests that are made from it.',
  },
  ADMISSION_USAGE: {
    kind: 'usage',
    summary: 'The command line is not one of enclos-admission.',
    next: 'Run `enclos-admission help`.',
  },
} as const satisfies ErrorArea;
