import { isEnclosError } from '@enclos/errors';
import {
  AnswerKind,
  encodeGateAnswer,
  encodeGateHello,
  encodeGateRequest,
  encodePlatformRequest,
  gateAnswerReader,
  gateRequestReader,
  parseGateAnswer,
  parseGateHello,
  parseGateRequest,
  parsePlatformRequest,
  PlatformLeaf,
  platformRequestReader,
  RequestKind,
  type Message,
  type MessageReader,
} from '../src/wire/index.ts';

const registers = { rdi: 1n, rsi: 2n, rdx: 3n, r8: 4n, r9: 5n, r10: 6n, rsp: 7n, rbp: 8n };
const bytes = Uint8Array.of(1, 2, 3, 4);
const lengths = [1, 3];

export const seeds: readonly Uint8Array[] = [
  Buffer.concat([
    ...encodeGateRequest({
      kind: RequestKind.ENTER,
      ...registers,
      writes: [{ address: 9n, content: bytes }],
      reads: [{ address: 10n, bytes: 4 }],
      finalMask: 11n,
      finalValue: 12n,
      stackTop: 13n,
      exitStackBytes: 14,
      windowBytes: 15,
    }),
  ]),
  encodeGateAnswer({
    kind: AnswerKind.EXIT,
    reason: 0,
    cssa: 1,
    ...registers,
    faultPage: 0n,
    final: true,
    stack: new Uint8Array(0),
    window: new Uint8Array(0),
    reads: [bytes.subarray(0, 1), bytes.subarray(1)],
  }),
  encodeGateHello({
    thread: 1,
    arenaBase: 0x10000n,
    arenaBytes: 0x20000n,
    stackBase: 0x20000n,
    stackBytes: 0x10000n,
    tcs: 0x103000n,
    enclaveBase: 0x100000n,
    enclaveBytes: 0x4000n,
    fastExit: false,
  }),
  encodePlatformRequest({ leaf: PlatformLeaf.EGETKEY, keyRequest: new Uint8Array(512) }),
];

const readers: readonly (readonly [make: () => MessageReader, read: (message: Message) => unknown])[] = [
  [() => gateRequestReader(4096), parseGateRequest],
  [() => gateAnswerReader(() => 4), (message) => parseGateAnswer(message, lengths)],
  [platformRequestReader, parsePlatformRequest],
];

/** What is read, with the refusal that ended it, when the input is cut after every `size` bytes. */
function readAll(
  make: () => MessageReader,
  read: (message: Message) => unknown,
  data: Uint8Array,
  size: number,
): string {
  const reader = make();
  const seen: string[] = [];
  const keep = (message: Message): void =>
    void seen.push(
      JSON.stringify(read(message), (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  try {
    for (let at = 0; at < data.length; at += size) reader.push(data.subarray(at, at + size), keep);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    seen.push(error.message);
  }
  return seen.join('\n');
}

/** The same messages and the same verdict, wherever the stream is cut. */
export function fuzz(input: Uint8Array): void {
  // A Buffer prints otherwise than the array that a reader makes.
  const data = Uint8Array.from(input);
  for (const [make, read] of readers) {
    const whole = readAll(make, read, data, Math.max(1, data.length));
    for (const size of [1, 13, 129]) {
      if (readAll(make, read, data, size) !== whole) throw new Error(`Chunks of ${size} bytes are read differently.`);
    }
  }
  try {
    parseGateHello(data);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
