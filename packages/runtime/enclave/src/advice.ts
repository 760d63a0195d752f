/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  ENCLAVE_NOT_BOOTED: 'Call it from code that the enclave runtime started; a host has no seal keys, reports or quotes.',
  ENCLAVE_HOST_LOST: 'Load the enclave again from a new host: an enclave ends with its host.',
  ENCLAVE_NO_APPLICATION:
    'Export the result of one defineEnclave() call from the module that "main" in enclave.json names.',
  ENCLAVE_INTERFACE_MISMATCH:
    'Name the module of the interface that the application defines under "interface" in enclave.json, and build again.',
  COMPANION_LOST: 'Call again: the platform starts another process in its place.',
  COMPANION_UNAVAILABLE: 'Run the enclave on the software platform: others start no companions.',
  COMPANION_NOT_DECLARED: 'Declare it under "companions" in enclave.json and build the image again.',
  COMPANION_CALL_FAILED: 'Read the message: the companion wrote it.',
  COMPANION_INTERFACE_MISMATCH: 'Import the same interface module on both sides, and build again.',
  COMPANION_INVALID:
    'Export the result of one defineCompanion() call from the module that "source" of the companion names.',
};
