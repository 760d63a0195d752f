import './errors.ts';
export { encodeFrame } from './frame/encode-frame.ts';
export { createEndpoint, type CloseReason, type Endpoint, type EndpointOptions } from './endpoint.ts';
export { FrameDecoder, type FrameDecoderOptions } from './frame/frame-decoder.ts';
export {
  FRAME_HEADER_BYTES,
  FrameKind,
  MAX_STREAM_CHUNK_BYTES,
  protocolViolation,
  type Frame,
  type FrameHeader,
} from './frame/frames.ts';
export type { IncomingCall } from './incoming-call.ts';
export { MAX_TIMEOUT_MS, patientLimits, systemTimers, type GateLimits, type Timers } from './limits.ts';
export { gateAnswerErrors, type ErrorDescription } from './messages.ts';
export type { InvokeOptions, PendingCall } from './outgoing-calls.ts';
export {
  STREAM_PIECE_BYTES,
  STREAM_WINDOW_BYTES,
  StreamTable,
  type SendStream,
  type StreamEvents,
  type StreamPort,
  type StreamTableOptions,
} from './stream-table.ts';
export { streamTransport, type DuplexLike } from './transport/stream-transport.ts';
export { createTransportPair } from './transport/transport-pair.ts';
export { LARGE_PAYLOAD_BYTES, type Transport, type TransportEvents } from './transport/transport.ts';
