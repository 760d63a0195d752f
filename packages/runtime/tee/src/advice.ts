/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  TEE_PLATFORM_UNREACHABLE: 'Start one with `enclos platform serve`, or check the socket path and its permissions.',
  TEE_PLATFORM_LOST: 'Connect again; enclaves of the lost platform are gone and must be loaded again.',
  TEE_PLATFORM_FAILED: "Read the platform's own log; the text does not cross the boundary.",
  TEE_PROTOCOL_MISMATCH: 'Install the same version of Enclos on both sides.',
  TEE_CAPABILITY_MISSING:
    'Use a platform that has it: see the tables in docs/reference/platforms.md. No platform imitates a missing capability.',
  TEE_DEVICE_MISSING:
    'Check that this is that platform, that its driver is loaded and its tools are installed, and the rights of the user.',
  TEE_DEVICE_FAILED: 'Try again after a moment; details name the file, command or address, and the reason.',
  TEE_EVIDENCE_UNEXPECTED:
    'Do not use it. Look for another program that uses the same interface; details name the rule.',
  TEE_GATE_REFUSED: 'Load the enclave again; if it recurs, another process of this machine is answering in its place.',
  ENCLAVE_START_FAILED:
    'Run `enclos run --debug`, or load a debug enclave, to see its own error: a production enclave keeps that to itself.',
  KEY_REQUEST_INVALID:
    'Check the key request; policy bits from NOISVPRODID up need an enclave that is signed with KSS.',
  KEY_NOT_PERMITTED: 'Ask for a SEAL or REPORT key; the others belong to platform enclaves.',
  KEY_SVN_TOO_NEW: 'Run the newer enclave; an older one cannot get the keys of a newer one.',
  KEY_CPUSVN_TOO_NEW: 'Update the platform to at least the CPUSVN that made the key.',
  KEY_CONFIGSVN_TOO_NEW: 'Launch the enclave with the newer configuration.',
  REPORT_REQUEST_INVALID: 'Pass 512 bytes of TARGETINFO and 64 bytes of report data.',
  QUOTE_REPORT_REFUSED: 'Ask the quoting enclave for its target info and make a new report for it.',
  SEAL_NOT_OPENED:
    'Check the enclave, signer, product, machine, policy, debug setting, associated data and the blob. The error does not say which, on purpose.',
  SEAL_SVN_TOO_NEW: 'Run the enclave version that sealed it, or a later one.',
  SEAL_CPUSVN_TOO_NEW: 'Update the platform, or undo its downgrade.',
  REPORT_NOT_VERIFIED: 'Ask for a report made for this target with a fresh challenge.',
  ENCLAVE_CALL_FAILED:
    'Run `enclos run --debug`, or load a debug enclave, to see the reason. What callers should know, throw as an ApplicationError.',
  ENCLAVE_APPLICATION_ERROR: 'Read the message: the application wrote it.',
  ENCLAVE_FILE_REFUSED: 'Give the host the file whose SHA-256 the manifest holds, or build the image again.',
  ENCLAVE_VARIABLE_NOT_DECLARED: 'Declare it under "env" in enclave.json and build the image again.',
  ENCLAVE_FILE_NOT_DECLARED: 'Declare it in enclave.json and build the image again.',
  ENCLAVE_MOUNT_REFUSED: 'Read the reason; sizes and read-only mounts are set under "mounts" in enclave.json.',
  HOST_CALL_FAILED: "Read the host's log.",
  HOST_STORAGE_FULL: 'Free space where the mount is, then write again; the file has the content that it had.',
  HOST_INTERFACE_MISMATCH: 'Build the image again from the interface module that the host imports.',
  HOST_MOUNT_REFUSED:
    'Give loadEnclave a folder or file for each mount, trusted file and host variable that the manifest declares.',
  STREAM_NOT_DECLARED: 'Declare it under "listen" or "connect" in enclave.json and build the image again.',
  STREAM_LIMIT: 'Destroy connections that are no longer needed, or wait until one ends.',
  STREAM_REFUSED: 'Use the connections that listen() and connect() give; they keep the rules of the streams.',
  STREAM_CONNECT_FAILED: 'Check that the destination is running and that the host reaches it, then try again.',
  STREAM_TRANSPORT_UNAVAILABLE:
    'Run it on software SGX with the system call filter (`enclos doctor`), or use another image of it: `enclos build --relayed`, or one whose enclave.json says "either".',
  STREAM_BROKEN: 'Connect again; what was not acknowledged by the other end may not have arrived.',
  STREAM_HANDSHAKE_FAILED:
    'Read the cause. The usual causes are a client that does not trust the certificate and one that stalls.',
};
