import type { ErrorArea } from './kinds.ts';

export const streamErrors = {
  STREAM_NOT_DECLARED: {
    kind: 'usage',
    summary: 'The manifest declares no listener or destination of this name.',
    next: 'Declare it under "listen" or "connect" in enclave.json and build the image again.',
  },
  STREAM_LIMIT: {
    kind: 'refused',
    summary: 'The enclave has as many streams open as it may have.',
    next: 'Destroy connections that are no longer needed, or wait until one ends.',
  },
  STREAM_REFUSED: {
    kind: 'refused',
    summary: 'The operation on a stream is not one that the other side carries out.',
    next: 'Use the connections that listen() and connect() give; they keep the rules of the streams.',
  },
  STREAM_CONNECT_FAILED: {
    kind: 'transient',
    summary: 'The host could not connect to a declared destination.',
    next: 'Check that the destination is running and that the host reaches it, then try again.',
  },
  STREAM_BROKEN: {
    kind: 'transient',
    summary: 'The connection broke before it ended in order.',
    next: 'Connect again; what was not acknowledged by the other end may not have arrived.',
  },
  STREAM_HANDSHAKE_FAILED: {
    kind: 'refused',
    summary: 'The TLS handshake on a connection did not succeed in time.',
    next: 'Read the cause; a client that does not trust the certificate, or one that stalls, ends like this.',
  },
  HOST_LISTEN_FAILED: {
    kind: 'usage',
    summary: 'The host cannot listen where the enclave is to be reached.',
    next: 'End what listens there, or choose another address: by an option of the host program (such as --listen), or under "listen" of loadEnclave.',
  },
} as const satisfies ErrorArea;
