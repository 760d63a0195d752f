import type { Random } from '../random.ts';
import { largestPayload, type Grammar } from './conversation.ts';
import { mutateBytes, noise } from './mutate.ts';
import type { FunctionShape } from './shape.ts';
import { makeFlawedValue, makeValue } from './values.ts';
import { Kind, throwPayload, wireFrame, type WireFrame } from './wire.ts';

export function someArguments(shape: Parameters<typeof makeValue>[0], random: Random, maxBytes: number): Uint8Array {
  const right = makeValue(shape, random);
  if (random.below(3) > 0) return right;
  const wrong = random.pick([
    () => noise(random, random.below(64)),
    () => mutateBytes(right.slice(), random),
    () => makeFlawedValue(shape, random),
    () => makeFlawedValue(shape, random),
  ])();
  return wrong.length <= maxBytes ? wrong : right;
}

export const lines = ['', 'a line', 'two\nlines', '\u001b[2J\u0007', '\u202etxt', '\ufeff\0', 'x'.repeat(8192)];

const codes = [
  'GATE_BUSY',
  'GATE_CANCELLED',
  'HOST_CALL_FAILED',
  'HOST_MOUNT_REFUSED',
  'SEAL_NOT_OPENED',
  'ENCLAVE_LOST',
  'X',
  '_'.repeat(64),
];

/** Answers a call: rightly, wrongly, or with an error that is not for us to raise. */
export function answerTo(
  callId: number,
  shape: FunctionShape,
  { grammar, random }: { readonly grammar: Grammar; readonly random: Random },
): WireFrame {
  if (random.below(4) === 0) {
    const message = random.below(2) === 0 ? random.pick(lines).slice(0, 4096) : 'no';
    return wireFrame({ kind: Kind.THROW, callId, payload: throwPayload(random.pick(codes), message) });
  }
  const payload = someArguments(shape.result, random, shape.maxResultBytes);
  const fits = payload.length <= largestPayload(grammar);
  return wireFrame({ kind: Kind.RETURN, callId, payload: fits ? payload : new Uint8Array(0) });
}
