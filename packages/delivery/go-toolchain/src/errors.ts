import { declareErrors } from '@enclos/errors';

export const goErrors = declareErrors({
  GO_NOT_FOUND: [
    'usage',
    'There is no Go on this machine that can be used.',
    'Install Go (`apt-get install golang-1.24-go golang-1.24-src` on Debian), or name it: `--go /path/to/bin/go`.',
  ],
  GO_ANCHOR_MISSING: [
    'usage',
    'The standard library of this Go has another shape than Enclos knows.',
    'Use Go 1.21 to 1.26, or a version of Enclos that knows this Go.',
  ],
  GO_BUILD_FAILED: ['usage', 'Go could not build the program.', 'Correct what Go says and build again.'],
  GO_PROJECT_MISSING: [
    'usage',
    'The folder is not the project of a Go program.',
    'Write an enclave.json with `"program": { "file": "bin/NAME" }` beside go.mod.',
  ],
  GO_FILES_MISSING: [
    'usage',
    'The Go files of Enclos are not in this installation.',
    'Install the package again, or run `npm run build` in a clone of the repository.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof goErrors, true> {}
}
