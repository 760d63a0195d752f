import { encodeValue, systemInterface } from '@enclos/edl';
import { encodeFrame, FrameDecoder, FrameKind, type Frame } from '@enclos/gate';
import { readImage } from '@enclos/manifest';
import { encodeGateHello, GateTable, type EnclaveExit, type LaunchedEnclave, type Launcher } from '@enclos/tee';
import type { SignedImage } from '../workshop.ts';

export { throwPayload } from '@enclos/testing/hostile';

/** A host without an endpoint: it writes frames, or what is none, and reads what comes. */
export interface FrameHost {
  readonly launched: LaunchedEnclave;
  /** Every frame that has come and that nobody has taken. */
  readonly heard: Frame[];
  send(...frames: readonly Partial<Frame>[]): void;
  write(bytes: Uint8Array): void;
  /** The first frame of which this holds, when it is there. @throws Error when the gate ends before. */
  take(what: string, holds: (frame: Frame) => boolean): Promise<Frame>;
  answerTo(callId: number): Promise<Frame>;
  /** HELLO and `start`. */
  begin(): Promise<void>;
  /** The gate's end, then that of the process. */
  ended(): Promise<EnclaveExit>;
  close(): Promise<void>;
}

const empty: Frame = {
  kind: FrameKind.CALL,
  table: 0,
  functionIndex: 0,
  callId: 0,
  parentCallId: 0,
  timeoutMs: 0,
  payload: new Uint8Array(),
};
const withinMs = 60_000;

/** Frames as a peer that keeps the grammar writes them. */
export function frames(...list: readonly Partial<Frame>[]): Uint8Array {
  return Buffer.concat(list.map((fields) => encodeFrame({ ...empty, ...fields })));
}

export async function openFrameHost(launcher: Launcher, signed: SignedImage): Promise<FrameHost> {
  const { name, interfaceDigest, limits, debug } = readImage(signed.image).manifest;
  const launched = await launcher.launch({ ...signed, debug, isolation: 'best' });
  const { gate } = launched;
  const heard: Frame[] = [];
  const decoder = new FrameDecoder({ maxFrameBytes: limits.maxFrameBytes });
  let wake: () => void = () => undefined;
  let isOver = false;
  gate.on('data', (chunk: Uint8Array) => {
    // The payloads of some kinds are lent.
    decoder.read(chunk, (frame) => heard.push({ ...frame, payload: Uint8Array.from(frame.payload) }));
    wake();
  });
  gate.resume();
  const over = new Promise<void>((resolve) => {
    gate
      .on('error', () => undefined)
      .on('close', () => {
        isOver = true;
        wake();
        resolve();
      });
  });
  const send = (...list: readonly Partial<Frame>[]): void => void gate.write(frames(...list));
  const take = async (what: string, holds: (frame: Frame) => boolean): Promise<Frame> => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const at = heard.findIndex(holds);
      const [frame] = at === -1 ? [] : heard.splice(at, 1);
      if (frame !== undefined) return frame;
      if (isOver) throw new Error(`The gate ended before ${what}.`);
      if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const answerTo = (callId: number): Promise<Frame> =>
    take(`the answer to ${callId}`, (frame) => isAnswer(frame) && frame.callId === callId);
  return {
    launched,
    heard,
    send,
    take,
    answerTo,
    write: (bytes) => void gate.write(bytes),
    async begin() {
      send({ kind: FrameKind.HELLO, payload: encodeGateHello({ name, interfaceDigest }) });
      await take('a greeting', ({ kind }) => kind === FrameKind.HELLO);
      const payload = encodeValue(systemInterface.trusted.start.parameters, { hostEnvironment: [] });
      send({ table: GateTable.system, callId: 1, payload });
      if ((await answerTo(1)).kind !== FrameKind.RETURN) throw new Error('The enclave did not start.');
    },
    async ended() {
      await over;
      return launched.exited;
    },
    async close() {
      gate.destroy();
      await launched.terminate();
    },
  };
}

export function isAnswer({ kind }: Frame): boolean {
  return kind === FrameKind.RETURN || kind === FrameKind.THROW;
}

/** The code of a THROW; `result` for a RETURN. */
export function codeOf({ kind, payload }: Frame): string {
  if (kind !== FrameKind.THROW) return 'result';
  return Buffer.from(payload.subarray(2, 2 + (payload[0] ?? 0))).toString('latin1');
}
