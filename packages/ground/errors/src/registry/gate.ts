import type { ErrorArea } from './kinds.ts';

export const gateErrors = {
  GATE_INVALID_ARGUMENT: {
    kind: 'usage',
    summary: 'A gate limit, frame field or call option is out of range.',
    next: 'Correct the named option; the bounds are in the documentation of @enclos/gate.',
  },
  GATE_FRAME_TOO_LARGE: {
    kind: 'usage',
    summary: 'The arguments or the result of a call do not fit into one frame.',
    next: 'Send less at once, or raise maxFrameBytes on both sides.',
  },
  GATE_DEPTH_EXCEEDED: {
    kind: 'usage',
    summary: 'Calls are nested more deeply than the gate allows.',
    next: 'Break the chain of calls back and forth, or raise maxDepth on both sides.',
  },
  GATE_BUSY: {
    kind: 'transient',
    summary: 'Too many calls are already waiting.',
    next: 'Try again when some of them have finished.',
  },
  GATE_DEADLINE: {
    kind: 'transient',
    summary: 'The call did not finish before its deadline. It may still have had an effect.',
    next: 'Allow more time, or check what the call did before you repeat it.',
  },
  GATE_CANCELLED: {
    kind: 'transient',
    summary: 'The call was cancelled, or the call it belongs to is over. It may still have had an effect.',
    next: 'Call again if the result is still wanted.',
  },
  GATE_REMOTE_ERROR: {
    kind: 'refused',
    summary: 'The function on the other side of the gate failed, with an error that is not for it to raise here.',
    next: 'Look at details.remoteCode, which is only what the other side says, and at its log.',
  },
  GATE_HELLO_REFUSED: {
    kind: 'refused',
    summary: 'The greeting of the other side was not accepted.',
    next: 'Check that both sides were built from the same interface and version.',
  },
  GATE_HELLO_TIMEOUT: {
    kind: 'lost',
    summary: 'The other side did not greet in time.',
    next: 'Check that the other side started, then connect again.',
  },
  GATE_FRAME_TIMEOUT: {
    kind: 'lost',
    summary: 'The other side began a frame and did not finish it in time.',
    next: 'Connect again; a peer that stalls is broken or hostile.',
  },
  GATE_PROTOCOL_VIOLATION: {
    kind: 'lost',
    summary: 'The other side broke the gate protocol, so the connection was closed.',
    next: 'Do not trust this peer; load or connect again, and check that both sides have the same version.',
  },
} as const satisfies ErrorArea;
