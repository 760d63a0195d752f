import type { ErrorArea } from './kinds.ts';

export const enclaveErrors = {
  SEAL_NOT_OPENED: {
    kind: 'refused',
    summary: 'The sealed blob could not be opened.',
    next: 'Nothing more is said on purpose: another enclave, signer, product, machine, policy, debug setting or associated data, or a damaged blob, all look alike.',
  },
  SEAL_SVN_TOO_NEW: {
    kind: 'refused',
    summary: 'The blob was sealed by a later security version of the enclave.',
    next: 'Run the enclave version that sealed it, or a later one.',
  },
  SEAL_CPUSVN_TOO_NEW: {
    kind: 'refused',
    summary: 'The blob was sealed on a platform with a later CPUSVN.',
    next: 'Update the platform, or undo its downgrade.',
  },
  REPORT_NOT_VERIFIED: {
    kind: 'evidence',
    summary: 'The local report was not made for this enclave, or does not carry the expected report data.',
    next: 'Ask for a report made for this target with a fresh challenge.',
  },
  ENCLAVE_NOT_BOOTED: {
    kind: 'usage',
    summary: 'An enclave function was called outside an enclave.',
    next: 'Call it from code that the enclave runtime started; a host has no seal keys, reports or quotes.',
  },
  ENCLAVE_CALL_FAILED: {
    kind: 'refused',
    summary: 'The trusted function failed; the reason stays inside.',
    next: 'Throw an ApplicationError in the enclave for what callers should know, or load it as a debug enclave.',
  },
  ENCLAVE_APPLICATION_ERROR: {
    kind: 'refused',
    summary: 'The application refused the call.',
    next: 'Read the message: the application wrote it.',
  },
  ENCLAVE_FILE_REFUSED: {
    kind: 'evidence',
    summary: 'A file of the host is not the one that the manifest names.',
    next: 'Give the host the file whose SHA-256 the manifest holds, or build the image again.',
  },
  ENCLAVE_HOST_LOST: {
    kind: 'lost',
    summary: 'The host is gone.',
    next: 'Nothing: an enclave ends with its host.',
  },
  ENCLAVE_NO_APPLICATION: {
    kind: 'usage',
    summary: "The enclave's main module does not export exactly one application.",
    next: 'Export the result of one defineEnclave() call from the module that "main" in enclave.json names.',
  },
  ENCLAVE_INTERFACE_MISMATCH: {
    kind: 'usage',
    summary: 'The application serves another interface than the manifest names.',
    next: 'Name the module of the interface that the application defines under "interface" in enclave.json, and build again.',
  },
  ENCLAVE_VARIABLE_NOT_DECLARED: {
    kind: 'usage',
    summary: 'The manifest does not declare the environment variable.',
    next: 'Declare it under "env" in enclave.json and build the image again.',
  },
  ENCLAVE_FILE_NOT_DECLARED: {
    kind: 'usage',
    summary: 'The path is not among the embedded files, trusted files or mounts of the manifest.',
    next: 'Declare it in enclave.json and build the image again.',
  },
  ENCLAVE_MOUNT_REFUSED: {
    kind: 'usage',
    summary: 'The mount does not allow the operation.',
    next: 'Read the reason; sizes and read-only mounts are set under "mounts" in enclave.json.',
  },
} as const satisfies ErrorArea;
