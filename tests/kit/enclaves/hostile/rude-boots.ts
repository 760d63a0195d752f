import { utf8 } from '@enclos/codec';
import type { BootCapabilities } from '@enclos/enclave/boot';
import { encodeFrame, FrameKind, type Frame } from '@enclos/gate';
import { enclaveChannel } from '@enclos/tee';

/** In place of the trusted runtime: what an enclave could say to its platform on the channel that is its own. */

export type Rudeness = (capabilities: BootCapabilities) => void;

const frame = (fields: Partial<Frame>): Uint8Array =>
  encodeFrame({
    kind: FrameKind.HELLO,
    table: 0,
    functionIndex: 0,
    callId: 0,
    parentCallId: 0,
    timeoutMs: 0,
    payload: new Uint8Array(),
    ...fields,
  });
const greeting = frame({ payload: utf8(enclaveChannel.describe()) });

/** Keeps the process alive without a word. */
const stay = (): void => void setInterval(() => undefined, 60_000);

export const silent: Rudeness = stay;

export const garbage: Rudeness = ({ platform }) => {
  stay();
  platform.write(new Uint8Array(4096).fill(0xa5));
};

export const otherProtocol: Rudeness = ({ platform }) => {
  stay();
  platform.write(frame({ payload: utf8('another protocol') }));
};

/** A length of four gigabytes. */
export const hugeFrame: Rudeness = ({ platform }) => {
  stay();
  platform.write(greeting);
  platform.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 2));
};

/** A call with the arguments of no function: more than any of them takes. */
export const largeCall: Rudeness = ({ platform }) => {
  stay();
  platform.write(greeting);
  platform.write(frame({ kind: FrameKind.CALL, callId: 1, payload: new Uint8Array(1024 * 1024) }));
};

/** Answers to calls that nobody made. */
export const answers: Rudeness = ({ platform }) => {
  stay();
  platform.write(greeting);
  platform.write(frame({ kind: FrameKind.RETURN, callId: 2, payload: new Uint8Array(8) }));
};

/** Asks for keys as fast as it can, and reads no answer. */
export const flood: Rudeness = ({ platform }) => {
  platform.pause();
  platform.write(greeting);
  let callId = 1;
  const more = (): void => {
    const calls = Array.from({ length: 512 }, () => {
      const call = frame({ kind: FrameKind.CALL, functionIndex: 1, callId, payload: new Uint8Array(512) });
      callId += 2;
      return call;
    });
    const room = platform.write(Buffer.concat(calls));
    if (room) setImmediate(more);
    else platform.once('drain', more);
  };
  more();
};
