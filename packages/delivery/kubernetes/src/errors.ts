import { declareErrors } from '@enclos/errors';

export const kubernetesErrors = declareErrors({
  DEPLOY_SETTINGS_INVALID: [
    'usage',
    'deploy.json, with what the command line adds, does not say how to deploy.',
    'Correct the places that the diagnostics point at; the published JSON Schema lists every key.',
  ],
  DEPLOY_IMAGE_UNPINNED: [
    'usage',
    'The image is not named by its digest.',
    'Write NAME@sha256:DIGEST, the digest that the registry answered when the image was pushed.',
  ],
  DEPLOY_PROFILE_UNFIT: [
    'usage',
    'The profile cannot do what deploy.json asks for.',
    'Choose another profile with --profile, or change the setting that the message names.',
  ],
  DEPLOY_ROOTS_INVALID: [
    'usage',
    'The software roots are not the certificates whose fingerprints are listed.',
    'List the fingerprint that the vendor told you (`enclos platform show` on its machine), and give the root of that vendor.',
  ],
  DEPLOY_FILE_FOREIGN: [
    'usage',
    'A file that `enclos deploy` did not write is in the way.',
    'Choose another place with --out, or move the file away.',
  ],
  LINT_REFUSED: [
    'usage',
    'The manifests have errors that a cluster refuses, or that weaken the enclaves.',
    'Correct the places that the diagnostics point at; docs/reference/lint-rules.md has every rule.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof kubernetesErrors, true> {}
}
