/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  GATE_INVALID_ARGUMENT: 'Correct the named option; the bounds are in the documentation of @enclos/gate.',
  GATE_FRAME_TOO_LARGE:
    'Send less at once, or raise limits.maxFrameBytes in enclave.json, which holds for both sides, and build again.',
  GATE_DEPTH_EXCEEDED:
    'Break the chain of calls back and forth, or raise limits.maxDepth in enclave.json and build again.',
  GATE_BUSY: 'Try again when some of them have finished.',
  GATE_DEADLINE: 'Allow more time, or check what the call did before you repeat it.',
  GATE_CANCELLED: 'Call again if the result is still wanted.',
  GATE_REMOTE_ERROR: 'Look at details.remoteCode, which is only what the other side says, and at its log.',
  GATE_HELLO_REFUSED: 'Check that both sides were built from the same interface and version.',
  GATE_HELLO_TIMEOUT: 'Check that the other side started, then connect again.',
  GATE_FRAME_TIMEOUT: 'Connect again; a peer that stalls is broken or hostile.',
  GATE_PROTOCOL_VIOLATION:
    'Do not trust this peer; load or connect again, and check that both sides have the same version.',
};
