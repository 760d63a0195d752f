import type { ErrorArea } from './kinds.ts';

export const manifestErrors = {
  IMAGE_INVALID: {
    kind: 'usage',
    summary: 'The image is a measured stream, but its pages do not hold an enclave application.',
    next: 'Build the image again with `enclos build`; images of other tools can be measured but not loaded.',
  },
  MANIFEST_INVALID: {
    kind: 'usage',
    summary: 'The measured manifest breaks a rule.',
    next: 'Correct enclave.json and build the image again.',
  },
} as const satisfies ErrorArea;
