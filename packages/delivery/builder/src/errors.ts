import { declareErrors } from '@enclos/errors';

export const buildErrors = declareErrors({
  BUILD_MANIFEST_INVALID: [
    'usage',
    'enclave.json is not a valid enclave manifest.',
    'Correct the places that the diagnostics point at; the published JSON Schema lists every key.',
  ],
  BUILD_FORBIDDEN_IMPORT: [
    'usage',
    'The enclave uses a module or a global that an enclave does not have.',
    'Use what the diagnostic suggests in its place, or move the code to the host.',
  ],
  BUILD_FAILED: [
    'usage',
    'The enclave could not be bundled.',
    'Correct the places that the diagnostics point at and build again.',
  ],
  BUILD_INTERFACE_INVALID: [
    'usage',
    'The interface module does not export exactly one interface.',
    'Export one value made by defineInterface() from the module that `interface` names.',
  ],
  BUILD_INTERFACE_TOO_LARGE: [
    'usage',
    'The interface allows a value that is larger than a message between host and enclave.',
    'Lower the bound that the diagnostic names, or raise `limits.maxFrameBytes` in enclave.json.',
  ],
  BUILD_FILE_UNREADABLE: [
    'usage',
    'A file that the build needs could not be read.',
    'Check that the file exists and that this user may read it.',
  ],
  BUILD_FILE_EXISTS: [
    'usage',
    'The file exists already and is not overwritten.',
    'Choose another file name, or move the existing file away.',
  ],
  BUILD_FILE_TOO_LARGE: [
    'usage',
    'The file is larger than any file of its kind.',
    'Check that it is the file that you mean.',
  ],
  BUILD_FILE_UNRECOGNISED: [
    'usage',
    'The file is not of a kind that can be inspected.',
    'Give an image (.sgxs), a SIGSTRUCT (.sig), a signed enclave of another SDK, a quote, a sealed blob or a signing key.',
  ],
  BUILD_PREPARED_REFUSED: [
    'evidence',
    'The bytes that were prepared for signing are not those of this image.',
    'Prepare the image again, and have those bytes signed.',
  ],
  BUILD_SIGNATURE_REFUSED: [
    'evidence',
    'The signature was not made by the key over the prepared bytes.',
    'Sign exactly the prepared file with the private half of the key: RSA PKCS#1 v1.5 with SHA-256.',
  ],
  BUILD_DATE_INVALID: [
    'usage',
    'The signing date is not a date between the years 1970 and 9999.',
    'Set SOURCE_DATE_EPOCH to whole seconds since 1970-01-01 UTC, or unset it.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof buildErrors, true> {}
}
