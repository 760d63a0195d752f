import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const gateErrors = declareErrorsWithAdvice(advice, {
  GATE_INVALID_ARGUMENT: ['usage', 'A gate limit, frame field or call option is out of range.'],
  GATE_FRAME_TOO_LARGE: ['usage', 'The arguments or the result of a call do not fit into one frame.'],
  GATE_DEPTH_EXCEEDED: ['usage', 'Calls are nested more deeply than the gate allows.'],
  GATE_BUSY: ['transient', 'Too many calls are already waiting.'],
  GATE_DEADLINE: ['transient', 'The call did not finish before its deadline. It may still have had an effect.'],
  GATE_CANCELLED: ['transient', 'The call, or the call that made it, was cancelled. It may still have had an effect.'],
  GATE_REMOTE_ERROR: ['refused', 'The function on the other side failed, with an error that it may not raise here.'],
  GATE_HELLO_REFUSED: ['refused', 'The greeting of the other side was not accepted.'],
  GATE_HELLO_TIMEOUT: ['lost', 'The other side did not greet in time.'],
  GATE_FRAME_TIMEOUT: ['lost', 'The other side began a frame and did not finish it in time.'],
  GATE_PROTOCOL_VIOLATION: ['lost', 'The other side broke the gate protocol, so the connection was closed.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof gateErrors, true> {}
}
