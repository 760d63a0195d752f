import type { ErrorArea } from './kinds.ts';

export const kubernetesErrors = {
  DEPLOY_SETTINGS_INVALID: {
    kind: 'usage',
    summary: 'deploy.json, with what the command line adds, does not say how to deploy.',
    next: 'Correct the places that the diagnostics point at; the published JSON Schema lists every key.',
  },
  DEPLOY_IMAGE_UNPINNED: {
    kind: 'usage',
    summary: 'The image is not named by its digest.',
    next: 'Write NAME@sha256:DIGEST, the digest that the registry answered when the image was pushed.',
  },
  DEPLOY_PROFILE_UNFIT: {
    kind: 'usage',
    summary: 'The profile cannot do what deploy.json asks for.',
    next: 'Choose another profile with --profile, or change the setting that the message names.',
  },
  DEPLOY_ROOTS_INVALID: {
    kind: 'usage',
    summary: 'The software roots are not the certificates whose fingerprints are listed.',
    next: 'List the fingerprint that the vendor told you (`enclos platform show` on its machine), and give its own root.',
  },
  DEPLOY_FILE_FOREIGN: {
    kind: 'usage',
    summary: 'A file is in the way that `enclos deploy` did not write.',
    next: 'Choose another place with --out, or move the file away.',
  },
  LINT_REFUSED: {
    kind: 'usage',
    summary: 'The manifests have errors that a cluster refuses, or that weaken the enclaves.',
    next: 'Correct the places that the diagnostics point at; docs/reference/lint-rules.md has every rule.',
  },
} as const satisfies ErrorArea;
