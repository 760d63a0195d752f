import { createRandom, type Random } from '../random.ts';
import { wireBytes, type WireFrame } from './wire.ts';

/** Values at which arithmetic on 32-bit fields goes wrong. */
export const boundaries: readonly number[] = [
  0, 1, 2, 3, 4, 5, 15, 16, 17, 19, 20, 21, 127, 128, 255, 256, 65_535, 65_536, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000,
  0xffff_fff0, 0xffff_fffe, 0xffff_ffff,
];

const fields = ['kind', 'table', 'index', 'callId', 'parentId', 'timeoutMs'] as const;
const widths = { kind: 0x100, table: 0x100, index: 0x1_0000, callId: 0, parentId: 0, timeoutMs: 0 } as const;

type FrameMutation = (frames: WireFrame[], random: Random) => void;

/** What a peer that knows the grammar does to its frames. Each changes the list in place. */
const frameMutations: readonly FrameMutation[] = [
  // Another value in one field.
  (frames, random) =>
    change(frames, random, (frame) => {
      const field = random.pick(fields);
      const value = random.below(2) === 0 ? random.pick(boundaries) : random.below(2 ** 32);
      const width = widths[field];
      return { ...frame, [field]: width === 0 ? value : value % width };
    }),
  // Two fields swapped.
  (frames, random) =>
    change(frames, random, (frame) => {
      const [one, other] = [random.pick(fields), random.pick(fields)];
      const fit = (name: (typeof fields)[number], value: number): number =>
        widths[name] === 0 ? value : value % widths[name];
      return { ...frame, [one]: fit(one, frame[other]), [other]: fit(other, frame[one]) };
    }),
  // A length that is not the true one: near it, or at a boundary.
  (frames, random) =>
    change(frames, random, (frame) => {
      const near = 16 + frame.payload.length + random.below(9) - 4;
      return { ...frame, claimedBytes: random.below(2) === 0 ? Math.max(0, near) : random.pick(boundaries) };
    }),
  // A payload of another length.
  (frames, random) =>
    change(frames, random, (frame) => {
      const cut = frame.payload.subarray(0, random.below(frame.payload.length + 1));
      return {
        ...frame,
        payload: random.below(2) === 0 ? cut : joined([frame.payload, random.bytes(random.below(9))]),
      };
    }),
  // The payload of another frame.
  (frames, random) => change(frames, random, (frame) => ({ ...frame, payload: random.pick(frames).payload })),
  // Sent twice.
  (frames, random) => frames.splice(random.below(frames.length + 1), 0, random.pick(frames)),
  // Left out.
  (frames, random) => {
    if (frames.length > 1) frames.splice(random.below(frames.length), 1);
  },
  // In another order.
  (frames, random) => {
    const from = random.below(frames.length);
    frames.splice(random.below(frames.length), 0, ...frames.splice(from, 1));
  },
];

function change(frames: WireFrame[], random: Random, to: (frame: WireFrame) => WireFrame): void {
  const at = random.below(frames.length);
  const frame = frames[at];
  if (frame !== undefined) frames[at] = to(frame);
}

export function mutateFrames(frames: WireFrame[], random: Random): void {
  random.pick(frameMutations)(frames, random);
}

type ByteMutation = (bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>;

/** What happens to bytes whose sender knows nothing, or on a wire that loses and repeats. */
const byteMutations: readonly ByteMutation[] = [
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  (bytes, random) => {
    const view = new DataView(bytes.buffer);
    if (bytes.length >= 4) view.setUint32(random.below(bytes.length - 3), random.pick(boundaries), true);
    return bytes;
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    const [start, end] = from < to ? [from, to] : [to, from];
    return joined([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return joined([bytes.subarray(0, at), random.bytes(1 + random.below(24)), bytes.subarray(at)]);
  },
  // A piece of the stream in another place of it.
  (bytes, random) => {
    const start = random.below(bytes.length);
    const piece = bytes.slice(start, start + 1 + random.below(48));
    const at = random.below(bytes.length + 1);
    return joined([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
];

export function mutateBytes(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  return bytes.length === 0 ? random.bytes(1 + random.below(40)) : random.pick(byteMutations)(bytes, random);
}

/** Cuts a stream at random places: into bytes when it is short, and never into much more than a hundred pieces. */
export function chunked(bytes: Uint8Array, random: Random): readonly Uint8Array[] {
  const largest = Math.max(random.pick([1, 3, 19, 21, 64, 1024, 65_536]), bytes.length >> 6);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(largest);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const noiseBytes = createRandom(1).bytes(2 ** 21);

/** Bytes of a block that is made once, since making them takes longer than what is done with them. */
export function noise(random: Random, sizeBytes: number): Uint8Array {
  const at = random.below(noiseBytes.length - sizeBytes);
  return noiseBytes.subarray(at, at + sizeBytes);
}

export function framesBytes(frames: readonly WireFrame[]): Uint8Array<ArrayBuffer> {
  return joined(frames.map(wireBytes));
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
